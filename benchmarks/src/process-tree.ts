import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The unit of the times in /proc/<pid>/stat: USER_HZ, which is 100 on every Linux that Node runs on. */
export const MICROS_PER_TICK = 10_000;

export interface Usage {
  /** User and system time since the processes started. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
}

/** The processes that `root` started, and theirs. Empty where there is no /proc. */
export function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of allPids()) {
    const parent = statFields(pid)?.parent;
    if (parent === undefined) continue;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [pid]);
    else siblings.push(pid);
  }
  const found: number[] = [];
  const open = [root];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    const own = children.get(pid) ?? [];
    found.push(...own);
    open.push(...own);
  }
  return found;
}

/** Sums over whole process trees; `undefined` where there is no /proc. */
export function usageOf(roots: readonly number[]): Usage | undefined {
  let cpuMicros = 0;
  let rssBytes = 0;
  let seen = 0;
  for (const pid of roots.flatMap((root) => [root, ...descendants(root)])) {
    const fields = statFields(pid);
    if (fields === undefined) continue;
    seen++;
    cpuMicros += fields.cpuTicks * MICROS_PER_TICK;
    rssBytes += rssOf(pid);
  }
  return seen === 0 ? undefined : { cpuMicros, rssBytes };
}

/** How many sockets each process of the tree holds: which worker has which share of the connections. */
export function socketsByProcess(root: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const pid of [root, ...descendants(root)]) {
    const sockets = fileTargets(pid).filter((target) => target.startsWith('socket:'));
    counts.set(pid, sockets.length);
  }
  return counts;
}

/** User and system time of these processes without those that they started; zero where it is not known. */
export function cpuMicrosOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (statFields(pid)?.cpuTicks ?? 0) * MICROS_PER_TICK, 0);
}

export interface Written {
  readonly bytes: number;
  readonly calls: number;
}

/** What processes have written since they started, to files and sockets; zero where that is not known (proc_pid_io(5)). */
export function writtenBy(pids: readonly number[]): Written {
  let bytes = 0;
  let calls = 0;
  for (const pid of pids) {
    const text = readOrNothing(`/proc/${pid}/io`) ?? '';
    bytes += Number(/^wchar: (\d+)$/m.exec(text)?.[1] ?? 0);
    calls += Number(/^syscw: (\d+)$/m.exec(text)?.[1] ?? 0);
  }
  return { bytes, calls };
}

function statFields(pid: number): { readonly parent: number; readonly cpuTicks: number } | undefined {
  const text = readOrNothing(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The second field is the program's name in brackets and may hold spaces and brackets itself (proc_pid_stat(5)).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1]), cpuTicks: Number(fields[11]) + Number(fields[12]) };
}

function rssOf(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readOrNothing(`/proc/${pid}/status`) ?? '');
  return Number(line?.[1] ?? 0) * 1024;
}

function allPids(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function fileTargets(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).map((name) => {
      try {
        return readlinkSync(`${folder}/${name}`);
      } catch {
        return '';
      }
    });
  } catch {
    return [];
  }
}

/** Processes end while they are read. */
function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
