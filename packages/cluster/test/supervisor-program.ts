// A supervisor of one worker, for supervisor.test.ts.
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Supervisor } from '../src/primary/supervisor.ts';
import { LOG, report, serve } from './program-side.ts';

const supervisor = new Supervisor({
  workers: 1,
  workerFile: fileURLToPath(new URL('worker-program.ts', import.meta.url)),
  scheduling: 'primary',
  log: LOG,
  onFork: (owner) => report('fork', { owner }),
  onExit: (owner) => report('exit', { owner }),
});

const files: number[] = [];
const now = performance.now.bind(performance);

serve({
  start: () => supervisor.start(),
  stop: () => supervisor.stop(),
  'start and stop': () => {
    supervisor.start();
    return supervisor.stop();
  },
  'kill all': () => supervisor.killAll(),
  state: () => ({ running: supervisor.running, restarts: supervisor.restarts }),
  'let ten seconds pass': () => {
    performance.now = () => now() + 10_000;
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
