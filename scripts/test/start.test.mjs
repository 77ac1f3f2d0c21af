// npm start as a process manager has it: one process to start, one to stop.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../packages/testkit/src/free-port.ts';
import { ROOT } from '../bootstrap.mjs';

/** A start that has nothing to install or build is to be up in this time. */
const WARM_START_MS = 3000;

async function isReady(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/ready`)).status === 200;
  } catch {
    return false;
  }
}

/** npm start, in a process group of its own as in a terminal, and the way to say whether it serves. */
async function start(t) {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const env = {
    ...process.env,
    HOST: '127.0.0.1',
    PORT: port,
    METRICS_PORT: metricsPort,
    WORKERS: '2',
    SHUTDOWN_DRAIN_WINDOW_MS: '1000',
  };
  const npm = spawn('npm', ['start'], { cwd: ROOT, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(npm, 'close');
  let output = '';
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (chunk) => (output += chunk));
  t.after(() => npm.kill('SIGTERM'));
  const endsAt = performance.now() + WARM_START_MS;
  while (!(await isReady(port))) {
    assert.ok(performance.now() < endsAt, `npm start did not serve within ${WARM_START_MS} ms:\n${output}`);
    await sleep(20);
  }
  return { npm, port, exited };
}

/** A client of the default app, and the code that it is closed with. */
async function connect(port) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/app/app-key?protocol=7`);
  await once(socket, 'open');
  return once(socket, 'close').then(([event]) => event.code);
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`npm start serves, and a ${signal} to npm closes clients with 4200 and ends with 0`, async (t) => {
    const { npm, port, exited } = await start(t);
    const closed = connect(port);
    await sleep(100);
    npm.kill(signal);
    assert.equal(await closed, 4200);
    assert.deepEqual(await exited, [0, null]);
    assert.equal(await isReady(port), false);
  });
}

for (const signal of ['SIGINT', 'SIGHUP']) {
  test(`npm start takes a ${signal} to its whole group, as of a terminal, for one signal`, async (t) => {
    const { npm, port, exited } = await start(t);
    const closed = Promise.all(Array.from({ length: 20 }, () => connect(port)));
    await sleep(100);
    process.kill(-npm.pid, signal);
    assert.deepEqual(new Set(await closed), new Set([4200]));
    // Its streams stay open as long as one of the group lives.
    await exited;
    assert.equal(await isReady(port), false);
  });
}

test('npm start leaves nothing behind when npm is killed, and still closes clients with 4200', async (t) => {
  const { npm, port } = await start(t);
  const closed = Promise.all(Array.from({ length: 20 }, () => connect(port)));
  await sleep(100);
  npm.kill('SIGKILL');
  assert.deepEqual(new Set(await closed), new Set([4200]));
  for (let i = 0; (await isReady(port)) && i < 100; i++) await sleep(100);
  assert.equal(await isReady(port), false);
});
