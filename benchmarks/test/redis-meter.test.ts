import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';

import { RedisServer, until } from '@sluice/testkit';

import { copiesIn, RedisMeter, without, type RedisTraffic } from '../src/redis-meter.ts';

const MESSAGES = 20;

/** What Redis says went through it when so many subscribe to a channel that is published to. */
async function publishedTo(t: TestContext, subscribers: number): Promise<RedisTraffic> {
  const redis = await RedisServer.start();
  t.after(() => redis[Symbol.asyncDispose]());
  for (let i = 0; i < subscribers; i++) {
    const socket = connect(redis.port, '127.0.0.1');
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    socket.resume().write('SUBSCRIBE channel\r\n');
  }
  const joined = async (): Promise<boolean> =>
    (await redis.command('PUBSUB', 'NUMSUB', 'channel')).endsWith(String(subscribers));
  await until('the subscribers', joined);
  const meter = await RedisMeter.start(redis);
  for (let i = 0; i < MESSAGES; i++) await redis.command('PUBLISH', 'channel', 'x'.repeat(1000));
  return meter.read();
}

test('messages to Redis and from it are counted, and what the meter itself asks is not', async (t) => {
  for (const subscribers of [0, 1, 3]) {
    const traffic = await publishedTo(t, subscribers);
    assert.equal(traffic.messages, MESSAGES);
    assert.equal(Math.round(copiesIn(traffic)), subscribers * MESSAGES);
  }
});

test('what goes on at rest is taken off, by how long it was watched', () => {
  const rest = { elapsedMicros: 1e6, messages: 4, bytesIn: 400, bytesOut: 800, cpuMicros: 100 };
  const all = { elapsedMicros: 3e6, messages: 112, bytesIn: 31_200, bytesOut: 62_400, cpuMicros: 1300 };
  const left = { elapsedMicros: 3e6, messages: 100, bytesIn: 30_000, bytesOut: 60_000, cpuMicros: 1000 };
  assert.deepEqual(without(all, rest), left);
});
