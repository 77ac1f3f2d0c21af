import { readFileSync } from 'node:fs';
import { type SluiceProcess, until } from '@sluice/testkit';

/** What a process holds when its garbage is collected. */
export interface Memory {
  /** Of the program: objects and buffers. */
  readonly keptBytes: number;
  /** In RAM, by the kernel's account, with all that V8 and the allocator keep for later. */
  readonly residentBytes: number;
}

/**
 * For node: a signal collects garbage and tells what is left, since V8 puts both off as long as there is room. The space for
 * young objects has its size from the start; it would grow in steps of tens of megabytes, and look like a leak.
 */
export const MEASURABLE: readonly string[] = [
  '--expose-gc',
  '--min-semi-space-size=16',
  '--max-semi-space-size=16',
  `--import=${new URL('./collect-on-signal.ts', import.meta.url).href}`,
];

/** Of one process of a server that runs with {@link MEASURABLE}. */
export async function memoryOf(server: SluiceProcess, pid: number): Promise<Memory> {
  const from = server.output.length;
  const told = new RegExp(`"pid":${pid},"keptBytes":(\\d+)`);
  process.kill(pid, 'SIGWINCH');
  const [, keptBytes] = await until('the memory of a process', () => told.exec(server.output.slice(from)) ?? undefined);
  return { keptBytes: Number(keptBytes), residentBytes: residentBytesOf(pid) };
}

function residentBytesOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
