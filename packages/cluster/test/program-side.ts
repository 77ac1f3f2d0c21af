// The other side of program.ts: what the programs have in common.
import cluster from 'node:cluster';
import type { Log } from '@sluice/core';
import type { Report } from './program.ts';

/** Not what the code under test sees: that a program may move. */
export const clock = performance.now.bind(performance);

export function report(event: string, fields: object = {}): void {
  process.send?.({ event, fields: { ...fields }, at: clock() } satisfies Report);
}

/** Reports each line under its message. */
export const LOG: Log = { debug: report, info: report, warn: report, error: report };

const { execPath } = process;

/** What any program can be told. */
export const COMMON = {
  /** From now on the program for a worker is not there: a fork has a process object, an error and no exit. */
  'break forks': () => {
    process.execPath = '/no/such/node';
  },
  'mend forks': () => {
    process.execPath = execPath;
  },
  'let workers stay': () => setMode('stay'),
  'let workers exit': () => setMode('exit'),
  'let workers fail': () => setMode('fail'),
  'kill a worker': () => {
    // One that has just died may still be there.
    const living = Object.values(cluster.workers ?? {}).find((worker) => worker?.isDead() === false);
    living?.process.kill('SIGKILL');
  },
};

/** Workers inherit it (worker-program.ts). */
function setMode(mode: 'stay' | 'exit' | 'fail'): void {
  process.env['WORKER_MODE'] = mode;
}

type Commands = Readonly<Record<string, () => unknown>>;

export function serve(commands: Commands): void {
  const all: Commands = { ...COMMON, ...commands };
  process.on('uncaughtException', (error) => report('uncaught', { error: error.stack }));
  process.once('disconnect', () => process.exit());
  process.on('message', (command: string) => {
    void Promise.resolve(all[command]?.()).then((result) => report(`did ${command}`, result ?? {}));
  });
}
