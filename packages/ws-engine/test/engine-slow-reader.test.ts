import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CLOSE } from '@sluice/protocol';
import { Random } from '@sluice/testkit';
import { WebSocket } from 'ws';
import { APP, EngineServer, storeOf } from './engine-server.ts';
import { until } from './until.ts';

/** What the kernel takes for a client that does not read is some MB; a bound for the loop. */
const MOST_MESSAGES = 10_000;
const MOST_CHARACTERS = 20_000;
/** Waiting in the server when the client begins to read again. */
const QUEUED_BYTES = 1_000_000;

/** Numbered texts of all sizes; every fourth gets much smaller when it is compressed, the others hardly. */
class Messages {
  readonly sent: string[] = [];
  readonly #random = new Random(1);
  readonly #noise = Array.from({ length: MOST_CHARACTERS }, () =>
    String.fromCharCode(33 + this.#random.below(90)),
  ).join('');

  next(): string {
    const number = this.sent.length;
    const length = this.#random.below(MOST_CHARACTERS);
    const padding = number % 4 === 0 ? 'same '.repeat(length / 5) : this.#noise.slice(0, length);
    const text = `${number} ${padding}`;
    this.sent.push(text);
    return text;
  }
}

describe('A client that reads in fits and starts', () => {
  const variants = (['disabled', 'shared', 'dedicated', 'window1kb'] as const).flatMap((compression) => [
    { over: 'TCP', compression, isWsKnown: true },
    { over: 'TLS', compression, isWsKnown: true },
  ]);
  for (const { over, compression, isWsKnown } of [
    ...variants,
    { over: 'TCP', compression: 'disabled', isWsKnown: false } as const,
  ]) {
    const name = `over ${over}, compression ${compression}${isWsKnown ? '' : ', ws not as expected'}`;
    it(`gets everything once, whole and in order, ${name}`, { timeout: 30_000 }, async (t) => {
      if (!isWsKnown) t.mock.getter(WebSocket.prototype, 'extensions', () => 'something new');
      await using server = await EngineServer.start(storeOf(APP), {
        tls: over === 'TLS',
        compression,
        limits: { maxMessages: MOST_MESSAGES, maxBackpressureBytes: 50_000 },
      });
      const client = server.connecting({ perMessageDeflate: compression !== 'disabled' });
      const got: string[] = [];
      client.on('message', (data: Buffer) => got.push(data.toString()));
      await until(() => got.length === 1);
      got.length = 0;
      const { transport } = server.latestConnection;
      const messages = new Messages();
      for (let fit = 0; fit < 3; fit++) {
        client.pause();
        while (server.engine.queuedBytes() < QUEUED_BYTES) {
          transport.send(server.outbox.frame(messages.next()));
          if (messages.sent.length % 7 === 0) await turn();
          assert.ok(messages.sent.length < MOST_MESSAGES, 'the client is slow');
        }
        client.resume();
        await until(() => server.engine.queuedBytes() < QUEUED_BYTES / 2);
      }
      const closed = once(client, 'close');
      transport.close(CLOSE.reconnect);
      const [code] = (await closed) as [number];
      assert.equal(code, 4200);
      const differing = messages.sent.findIndex((text, i) => got[i] !== text);
      assert.equal(differing, -1, `message ${differing}: ${got[differing]?.slice(0, 40)}`);
      assert.equal(got.length, messages.sent.length);
    });
  }
});
