// npm start as a process manager has it: one process to start, one to stop.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../bootstrap.mjs';

/** What the README promises of a start that has nothing to install; a busy machine gets the double. */
const WARM_START_MS = 6000;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function isReady(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/ready`)).status === 200;
  } catch {
    return false;
  }
}

/** npm start, and the way to say whether it serves. */
async function start(t) {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const env = { ...process.env, HOST: '127.0.0.1', PORT: port, METRICS_PORT: metricsPort, WORKERS: '2' };
  const npm = spawn('npm', ['start'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
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

test('npm start serves, and a SIGTERM to npm ends everything in order with 0', async (t) => {
  const { npm, port, exited } = await start(t);
  npm.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
  assert.equal(await isReady(port), false);
});

test('npm start leaves nothing behind when npm is killed', async (t) => {
  const { npm, port } = await start(t);
  npm.kill('SIGKILL');
  for (let i = 0; (await isReady(port)) && i < 100; i++) await sleep(100);
  assert.equal(await isReady(port), false);
});
