import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';

import { DEFAULT_APP } from '../src/endpoint.ts';
import type { Published } from '../src/load/messages.ts';
import { publish } from '../src/load/publishing.ts';

/** Publishes 100 times a second to a server that takes so long for each answer. */
async function publishedTo(t: TestContext, answerMs: number): Promise<Published> {
  const server = createServer((_request, response) => {
    setTimeout(() => response.writeHead(200, { 'content-length': 2 }).end('{}'), answerMs);
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const endpoint = { host: '127.0.0.1', port, pathPrefix: '', app: DEFAULT_APP };
  return publish({ endpoints: [endpoint], channels: ['a', 'b'], publishers: 4, rate: 100, durationMs: 3_000 });
}

test('a rate that a server keeps is kept to the end', async (t) => {
  const { accepted, unsent } = await publishedTo(t, 0);
  assert.equal(unsent, 0);
  assert.equal(
    accepted.reduce((sum, count) => sum + count),
    300,
  );
});

test('a server that falls more than a second behind is given no more', async (t) => {
  const { accepted, unsent, startedAtMicros, endedAtMicros } = await publishedTo(t, 200);
  const sent = accepted.reduce((sum, count) => sum + count);
  assert.ok(unsent > 0 && sent > 0, `${unsent} of ${sent + unsent} not sent`);
  assert.equal(sent + unsent, 300);
  assert.ok(endedAtMicros - startedAtMicros < 3e6, 'it was over early');
});
