// A supervisor of one worker, for supervisor.test.ts.
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Log } from '@sluice/core';
import { Supervisor } from '../src/primary/supervisor.ts';
import { clock, COMMON, report, serve } from './program-side.ts';

/** How many workers run goes with each line: asked for later, it may have changed. */
const say: Log['error'] = (message, fields) => report(message, { ...fields, running: supervisor.running });

let exits = 0;
let atSecondExit = (): void => {};

const supervisor: Supervisor = new Supervisor({
  workers: 1,
  workerFile: fileURLToPath(new URL('./worker-program.ts', import.meta.url)),
  scheduling: 'primary',
  log: { debug: say, info: say, warn: say, error: say },
  onFork: (owner) => report('fork', { owner }),
  onExit: (owner) => {
    report('exit', { owner });
    if (++exits === 2) atSecondExit();
  },
});

const files: number[] = [];

serve({
  start: () => supervisor.start(),
  stop: () => supervisor.stop(),
  'start and stop': () => {
    supervisor.start();
    return supervisor.stop();
  },
  'kill all': () => supervisor.killAll(),
  state: () => ({ running: supervisor.running, restarts: supervisor.restarts }),
  'at the second exit break forks': () => {
    atSecondExit = COMMON['break forks'];
  },
  'at the second exit let workers stay': () => {
    atSecondExit = COMMON['let workers stay'];
  },
  'let ten seconds pass': () => {
    performance.now = () => clock() + 10_000;
  },
  'open all files': () => {
    try {
      for (;;) files.push(openSync('/dev/null', 'r'));
    } catch {
      return { opened: files.length };
    }
  },
  'close all files': () => {
    for (const file of files.splice(0)) closeSync(file);
  },
});
report('up');
