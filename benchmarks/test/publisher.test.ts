// What a publisher makes of answers that are unlike Sluice's.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';

import { DEFAULT_APP } from '../src/endpoint.ts';
import { Histogram } from '../src/histogram.ts';
import { contentsOf } from '../src/load/content.ts';
import { Publisher } from '../src/load/publisher.ts';

interface Answering {
  readonly publisher: Publisher;
  /** Connections so far. */
  readonly connections: () => number;
}

async function publisherTo(t: TestContext, answer: RequestListener): Promise<Answering> {
  let connections = 0;
  const server = createServer(answer)
    .on('connection', () => connections++)
    .listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const endpoint = { host: '127.0.0.1', port, pathPrefix: '', app: DEFAULT_APP };
  const publisher = new Publisher({
    endpoint,
    channel: 'c',
    publisher: 0,
    contentOf: contentsOf(undefined),
    latency: new Histogram(),
  });
  t.after(() => publisher.close());
  await publisher.connect();
  return { publisher, connections: () => connections };
}

test('all requests go over one connection', async (t) => {
  const { publisher, connections } = await publisherTo(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 2 }).end('{}');
  });
  for (let i = 0; i < 3; i++) assert.equal(await publisher.publish(0), 'accepted');
  assert.deepEqual([publisher.accepted, connections()], [3, 1]);
});

test('a server that ends the connection with each answer gets a new one for each request', async (t) => {
  const { publisher, connections } = await publisherTo(t, (_request, response) => {
    response.writeHead(200, { 'content-length': 2, connection: 'close' }).end('{}');
  });
  for (let i = 0; i < 3; i++) assert.equal(await publisher.publish(0), 'accepted');
  assert.deepEqual([publisher.accepted, connections()], [3, 3]);
});

test('an error that comes with 200 is an error', async (t) => {
  const { publisher } = await publisherTo(t, (_request, response) => {
    const body = '{"error":"The secret authentication failed","code":401}';
    response.writeHead(200, { 'content-length': body.length }).end(body);
  });
  await assert.rejects(publisher.publish(0), /answered with 200: .*authentication failed/);
  assert.equal(publisher.accepted, 0);
});

test('a server that is busy refuses, whatever it says, and the number is given again', async (t) => {
  const { publisher } = await publisherTo(t, (_request, response) => {
    response.writeHead(429, { 'content-length': 11 }).end('{"error":1}');
  });
  assert.equal(await publisher.publish(0), 'refused');
  assert.deepEqual([publisher.accepted, publisher.refused], [0, 1]);
});
