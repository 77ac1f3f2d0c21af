import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { ForeignLoad } from '../src/foreign-load.ts';

const BUSY_MS = 800;

test(
  'what a process of somebody else uses is told',
  { skip: existsSync('/proc/stat') ? false : 'needs /proc' },
  async () => {
    // Its parent ends at once, so it is nobody's here; it ends by itself.
    const busy = `const end = Date.now() + ${BUSY_MS}; while (Date.now() < end);`;
    const parent = spawn('sh', ['-c', '"$0" -e "$1" &', process.execPath, busy], { stdio: 'ignore' });
    await once(parent, 'exit');
    const foreign = new ForeignLoad();
    await sleep(BUSY_MS / 2);
    const percent = foreign.percentOfCore();
    assert.ok(percent !== undefined && percent > 30, `${percent}% of a core`);
  },
);
