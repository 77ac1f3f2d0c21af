// What the checks of the fan-out see when a server does wrong.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';

import { DEFAULT_APP } from '../src/endpoint.ts';
import { stampedData } from '../src/load/stamp.ts';
import { Subscribers } from '../src/load/subscribers.ts';
import type { Settled } from '../src/load/messages.ts';

function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const header =
    payload.length < 126
      ? Buffer.from([0x81, payload.length])
      : Buffer.from([0x81, 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([header, payload]);
}

function message(publisher: number, number: number): Buffer {
  const data = stampedData({ publisher, number, sentAtMicros: 1 });
  return frame(JSON.stringify({ event: 'bench', channel: 'c', data }));
}

/** Subscribes every client and then sends it `script`. */
async function scriptedServer(t: TestContext, script: readonly Buffer[]): Promise<Server> {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      socket.write(frame('{"event":"pusher:connection_established","data":"{}"}'));
      socket.once('data', () => {
        socket.write(frame('{"event":"pusher_internal:subscription_succeeded","channel":"c","data":"{}"}'));
        // After the reset of the counters that follows the subscription.
        setTimeout(() => socket.write(Buffer.concat(script)), 100);
      });
    });
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return server;
}

interface Case {
  readonly script: readonly Buffer[];
  readonly accepted: readonly number[];
  readonly channels?: readonly string[];
}

/** The one subscriber is on the first of the channels. */
async function settledAfter(t: TestContext, { script, accepted, channels = ['c'] }: Case): Promise<Settled> {
  const server = await scriptedServer(t, script);
  const { port } = server.address() as AddressInfo;
  const subscribers = new Subscribers({ silenceMs: 300 });
  t.after(() => subscribers.close());
  const endpoint = { host: '127.0.0.1', port, pathPrefix: '', app: DEFAULT_APP };
  const opened = await subscribers.open({ endpoint, channels, count: 1, concurrency: 1, firstSocket: 0 });
  assert.equal(opened.subscribed, 1, [...opened.errors.keys()].join());
  subscribers.reset(accepted.length);
  return subscribers.settle({ accepted, channels });
}

function faults({ skipped, repeated, missing, surplus, foreign }: Settled): unknown {
  return { skipped, repeated, missing, surplus, foreign };
}

const NONE = { skipped: 0, repeated: 0, missing: 0, surplus: 0, foreign: 0 };

test('two interleaved publishers, all in order: nothing is wrong', async (t) => {
  const settled = await settledAfter(t, {
    script: [message(0, 0), message(1, 0), message(1, 1), message(0, 1)],
    accepted: [2, 2],
  });
  assert.deepEqual(faults(settled), NONE);
  assert.equal(settled.deliveries, 4);
  assert.equal(settled.latency.count, 4);
});

test('a lost message in the middle is skipped', async (t) => {
  const settled = await settledAfter(t, { script: [message(0, 0), message(0, 2)], accepted: [3] });
  assert.deepEqual(faults(settled), { ...NONE, skipped: 1 });
});

test('a lost message at the end is missing', async (t) => {
  const settled = await settledAfter(t, { script: [message(0, 0)], accepted: [2] });
  assert.deepEqual(faults(settled), { ...NONE, missing: 1 });
});

test('a doubled message is seen, even after the last expected one', async (t) => {
  const settled = await settledAfter(t, { script: [message(0, 0), message(0, 1), message(0, 1)], accepted: [2] });
  assert.deepEqual(faults(settled), { ...NONE, repeated: 1 });
});

test('messages in the wrong order are seen', async (t) => {
  const settled = await settledAfter(t, { script: [message(0, 1), message(0, 0)], accepted: [2] });
  assert.deepEqual(faults(settled), { ...NONE, skipped: 1, repeated: 1 });
});

test('a message that was not accepted is surplus', async (t) => {
  const settled = await settledAfter(t, { script: [message(0, 0), message(0, 1)], accepted: [1] });
  assert.deepEqual(faults(settled), { ...NONE, surplus: 1 });
});

test('a close by the server is reported with its code', async (t) => {
  const settled = await settledAfter(t, { script: [message(0, 0), Buffer.from('88021004', 'hex')], accepted: [1] });
  assert.deepEqual([...settled.ended], [['close 4100', 1]]);
});

test('with two channels every second publisher is heard, and no other', async (t) => {
  const channels = ['c', 'd'];
  const right = await settledAfter(t, { script: [message(0, 0), message(2, 0)], accepted: [1, 5, 1], channels });
  assert.deepEqual([faults(right), right.expected, right.deliveries], [NONE, 2, 2]);
  const wrong = await settledAfter(t, { script: [message(0, 0), message(1, 0)], accepted: [1, 1], channels });
  assert.deepEqual(faults(wrong), { ...NONE, surplus: 1 });
});
