import { readFileSync } from 'node:fs';

/** What a process needs beside its connections. */
const SPARE = 1_000;

/** How many connections one process may hold: each is an open file. Without /proc nothing is known of a limit. */
export function connectionLimit(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    // The hard limit, which Node raises its own to when it starts.
    const files = /^Max open files +\S+ +(\S+)/m.exec(limits)?.[1];
    return files === undefined || files === 'unlimited' ? Infinity : Number(files) - SPARE;
  } catch {
    return Infinity;
  }
}
