// What the checks of the fan-out see when a server does wrong.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';

import { deltaMessages } from '@sluice/protocol';
import { createDelta } from 'fossil-delta';

import { DEFAULT_APP } from '../src/endpoint.ts';
import { stampedData } from '../src/load/stamp.ts';
import { Subscribers } from '../src/load/subscribers.ts';
import type { Settled, Wish } from '../src/load/messages.ts';

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
  readonly wish?: Wish;
}

/** The one subscriber is on the first of the channels. */
async function settledAfter(t: TestContext, { script, accepted, channels = ['c'], wish = {} }: Case): Promise<Settled> {
  const server = await scriptedServer(t, script);
  const { port } = server.address() as AddressInfo;
  const subscribers = new Subscribers({ silenceMs: 300 });
  t.after(() => subscribers.close());
  const endpoint = { host: '127.0.0.1', port, pathPrefix: '', app: DEFAULT_APP };
  const opened = await subscribers.open({ endpoint, channels, count: 1, concurrency: 1, firstSocket: 0, wish });
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

test('with filters every so many-th message of a publisher is heard, and no other', async (t) => {
  const wish = { filters: 3 };
  const right = await settledAfter(t, { script: [message(0, 0), message(0, 3)], accepted: [5], wish });
  assert.deepEqual([faults(right), right.expected], [NONE, 2]);
  const lost = await settledAfter(t, { script: [message(0, 0), message(0, 6)], accepted: [7], wish });
  assert.deepEqual(faults(lost), { ...NONE, skipped: 1 });
  const other = await settledAfter(t, { script: [message(0, 0), message(0, 1)], accepted: [2], wish });
  assert.deepEqual(faults(other), { ...NONE, foreign: 1 });
});

test('clients that count take deltas for messages, and nothing else', async (t) => {
  const [full, delta, binary] = asDeltas('one two three', 'one two four');
  const wish = { listening: 'count' } as const;
  for (const either of [frame(delta), binary]) {
    const right = await settledAfter(t, { script: [frame(full), either], accepted: [2], wish });
    assert.deepEqual([faults(right), right.deliveries], [NONE, 2]);
  }
  const sync = '{"event":"pusher:delta_cache_sync","channel":"c","data":"{}"}';
  const odd = await settledAfter(t, { script: [frame(full), frame(delta), frame(sync)], accepted: [2], wish });
  assert.deepEqual(faults(odd), { ...NONE, foreign: 1 });
});

test('clients that decode have the texts that plain subscribers got', async (t) => {
  const [full, delta, binary] = asDeltas('one two three', 'one two four');
  const wish = { listening: 'decode' } as const;
  const texts = [plain('one two three'), plain('one two four')];
  const expected = createHash('sha256')
    .update(texts.map((text) => `${text}\n`).join(''))
    .digest('hex');
  for (const either of [frame(delta), binary]) {
    const { digests } = await settledAfter(t, { script: [frame(full), either], accepted: [2], wish });
    assert.deepEqual(digests, [expected]);
  }
  await assert.rejects(
    settledAfter(t, { script: [frame(delta)], accepted: [1], wish }),
    /for base 7, which was never sent/,
  );
});

function plain(data: string): string {
  return JSON.stringify({ event: 'bench', channel: 'c', data });
}

/** A full frame that is a base, and a delta to another text, in JSON and, framed, in bytes. */
function asDeltas(data: string, next: string): [string, string, Buffer] {
  const [base, text] = [plain(data), plain(next)];
  const patch = Uint8Array.from(createDelta(Buffer.from(base), Buffer.from(text)));
  const numbers = { sequence: 8, base: 7, key: undefined } as const;
  const delta = { channel: 'c', text, algorithm: 'fossil', isAlgorithmTold: false, ...numbers, patch } as const;
  const binary = deltaMessages.binaryDelta(delta);
  return [
    deltaMessages.fullFrame(base, { sequence: 7, key: undefined }),
    deltaMessages.deltaFrame(delta),
    Buffer.concat([Buffer.from([0x82, binary.length]), binary]),
  ];
}
