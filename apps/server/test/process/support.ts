import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort, type RawClient, type SluiceProcess, until } from '@sluice/testkit';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const COMMAND_TIMEOUT_MS = 20_000;

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs the built command line until it ends by itself. */
export function runSluice(args: readonly string[], { env = {}, cwd }: CommandOptions = {}): Promise<CommandResult> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: COMMAND_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...output })));
}

/** Somebody else on a port of loopback. */
export async function occupyPort(t: TestContext): Promise<number> {
  const port = await freePort();
  const server = await new Promise<Server>((resolve) => {
    const holder = createServer();
    holder.listen(port, '127.0.0.1', () => resolve(holder));
  });
  t.after(() => server.close());
  return port;
}

/** Inodes of the established connections to a port of this machine, by the kernel's account. */
function connectionInodes(port: number): Set<string> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
  const fields = rows.map((row) => row.trim().split(/\s+/));
  const ESTABLISHED = '01';
  return new Set(
    fields.filter((row) => row[1]?.endsWith(local) === true && row[3] === ESTABLISHED).map((row) => row[9] ?? ''),
  );
}

/** How many clients each worker holds. */
export function connectionsByWorker(server: SluiceProcess): Map<number, number> {
  const inodes = connectionInodes(server.port);
  return new Map(
    server.workerPids().map((pid) => {
      const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => linkTarget(`/proc/${pid}/fd/${fd}`));
      return [pid, targets.filter((target) => inodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? '')).length];
    }),
  );
}

function linkTarget(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}

/** Whether a process runs; one that has ended and that nobody has asked about yet does not. */
export function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** The sum of all samples of a metric whose labels include these. */
export function sumOf(exposition: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const lines = exposition
    .split('\n')
    .filter((line) => line.startsWith(`sluice_${name}{`) || line.startsWith(`sluice_${name} `));
  const matching = lines.filter((line) => wanted.every((label) => line.includes(label)));
  return matching.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

/** What a client got of one event, in order. */
export function dataOf(client: RawClient, event: string): unknown[] {
  return client.frames
    .filter((frame) => frame.event === event)
    .map((frame) => JSON.parse(String(frame.data)) as unknown);
}

/** Waits until a metric has the value. */
export async function untilMetric(server: SluiceProcess, name: string, value: number): Promise<void> {
  let last: number | undefined;
  const isReached = async (): Promise<boolean> => {
    last = sumOf(await server.exposition(), name);
    return last === value;
  };
  await until(`${name} to be ${value}`, isReached).catch((error: unknown) => {
    throw new Error(`${String(error)}; it is ${last}`);
  });
}
