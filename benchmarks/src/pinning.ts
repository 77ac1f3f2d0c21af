import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Cores for each side, in the notation of taskset(1); `undefined` on a side: left to the scheduler. */
export interface Pinning {
  readonly server: string | undefined;
  readonly load: string | undefined;
  readonly description: string;
}

/**
 * One server process and its load each on cores of their own: otherwise they push each other around and the spread
 * of a run is larger than what is to be seen. Several server workers need the cores themselves.
 */
export function choosePinning(workers: number): Pinning {
  const unpinned = { server: undefined, load: undefined };
  if (workers !== 1) return { ...unpinned, description: `not pinned (${workers} server workers)` };
  const [first, ...others] = allowedCores();
  if (first === undefined || others.length === 0)
    return { ...unpinned, description: 'not pinned (fewer than two cores)' };
  if (spawnSync('taskset', ['--version']).error !== undefined) {
    return { ...unpinned, description: 'not pinned (no taskset)' };
  }
  const server = String(first);
  const load = others.join(',');
  return { server, load, description: `server on core ${server}, load on core ${load}` };
}

/** `node` itself, or `node` started by taskset on the cores given. taskset replaces itself, so the process id stays. */
export function nodeCommand(
  cores: string | undefined,
  node = process.execPath,
): readonly [command: string, ...args: string[]] {
  return cores === undefined ? [node] : ['taskset', '--cpu-list', cores, node];
}

function allowedCores(): number[] {
  try {
    const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
    return list.split(',').flatMap(coresOfRange);
  } catch {
    return [];
  }
}

function coresOfRange(range: string): number[] {
  const [from = NaN, to = from] = range.split('-').map(Number);
  return Number.isInteger(from) ? Array.from({ length: to - from + 1 }, (_, i) => from + i) : [];
}
