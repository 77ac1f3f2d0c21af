import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backplane } from '@sluice/core';
import { until } from '@sluice/testkit';

/** A transport with real servers. */
export interface Transport extends AsyncDisposable {
  /** Another end, that is not started. */
  open(): Backplane;
  /** One that leads nowhere. */
  astray(): Backplane;
  /** No server answers any more, and all connections are cut; then they are back. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Servers keep their connections and do nothing; then they go on. */
  pause(): Promise<void>;
  resume(): void;
  /** Until servers that were away have found each other again. */
  isWhole?(): Promise<void>;
}

/** Beyond it, a server that does not answer has to count as gone. */
export const TIMEOUT_MS = 1000;

interface Received {
  readonly topic: string;
  readonly text: string;
}

/** One end that notes all that it hears. */
class End {
  readonly backplane: Backplane;
  readonly received: Received[] = [];
  readonly log: string[] = [];
  onConnected: () => void = () => {};

  constructor(backplane: Backplane) {
    this.backplane = backplane;
  }

  async start(): Promise<void> {
    await this.backplane.start({
      message: (topic, message) => this.received.push({ topic, text: message.toString('latin1') }),
      connected: () => {
        this.log.push('connected');
        this.onConnected();
      },
      disconnected: () => this.log.push('disconnected'),
    });
    await until('the connection', () => this.log.length > 0);
  }

  join(topic: string): Promise<void> {
    return new Promise((resolve) => this.backplane.join(topic, resolve));
  }

  /** Resolves when it is confirmed. */
  publish(topic: string, text: string): Promise<void> {
    return new Promise((resolve) => this.backplane.publish(topic, Buffer.from(text, 'latin1'), resolve));
  }

  textsOf(topic: string): string[] {
    return this.received.filter((each) => each.topic === topic).map(({ text }) => text);
  }
}

const HOSTILE = [
  'a b',
  'a*',
  'a>',
  'a.b',
  '*',
  '>',
  '1:presence-x',
  '1:presence-ä€😀',
  'a\r\nb',
  '{a}b',
  '$SYS.a',
  '%2E',
  'x'.repeat(500),
  '€'.repeat(166),
  '__proto__',
];

/** What every backplane owes (core's port), against its real servers. */
export function backplaneContract(name: string, startTransport: () => Promise<Transport>): void {
  describe(`The backplane over ${name}`, { timeout: 120_000 }, () => {
    let transport: Transport;
    before(async () => {
      transport = await startTransport();
    });
    after(() => transport[Symbol.asyncDispose]());

    async function ends(t: TestContext): Promise<readonly [End, End]> {
      const both = [new End(transport.open()), new End(transport.open())] as const;
      t.after(async () => {
        transport.resume();
        await Promise.all(both.map(({ backplane }) => backplane.close()));
      });
      await transport.isWhole?.();
      await Promise.all(both.map((end) => end.start()));
      return both;
    }

    it('keeps the order of each topic, gives bytes as they are, and confirms in order', async (t) => {
      const [a, b] = await ends(t);
      await Promise.all([b.join('1:x'), b.join('1:y')]);
      const confirmed: number[][] = [[], []];
      const count = 10_000;
      for (let i = 0; i < count; i++) {
        a.backplane.publish(i % 2 === 0 ? '1:x' : '1:y', Buffer.from(`${i} \u0000\u00ff\r\n`, 'latin1'), () =>
          confirmed[i % 2]?.push(i),
        );
        if (i % 500 === 0) await sleep(1);
      }
      await until('all messages', () => b.received.length === count, 20_000);
      const texts = Array.from({ length: count }, (_, i) => `${i} \u0000\u00ff\r\n`);
      assert.deepEqual(
        b.textsOf('1:x'),
        texts.filter((_, i) => i % 2 === 0),
      );
      assert.deepEqual(
        b.textsOf('1:y'),
        texts.filter((_, i) => i % 2 === 1),
      );
      await until('all confirmations', () => confirmed.flat().length === count);
      for (const numbers of confirmed)
        assert.deepEqual(
          numbers,
          numbers.toSorted((x, y) => x - y),
        );
    });

    it('has joined a topic when it says so, and hands out nothing of one that it left', async (t) => {
      const [a, b] = await ends(t);
      for (let i = 0; i < 50; i++) {
        await b.join(`1:${i}`);
        await a.publish(`1:${i}`, 'now');
        await until('the message', () => b.textsOf(`1:${i}`).length === 1);
        b.backplane.leave(`1:${i}`);
      }
      await b.join('1:last');
      for (let i = 0; i < 50; i++) await a.publish(`1:${i}`, 'later');
      await a.publish('1:last', 'end');
      await until('the end', () => b.textsOf('1:last').length === 1);
      assert.equal(b.received.length, 51);
    });

    it('has not joined a topic while its servers have not heard of it', async (t) => {
      const [a, b] = await ends(t);
      await transport.pause();
      let joined = 0;
      b.backplane.join('1:x', () => joined++);
      await sleep(TIMEOUT_MS / 5);
      assert.equal(joined, 0);
      transport.resume();
      await until('the topic', () => joined === 1);
      await a.publish('1:x', 'now');
      await until('the message', () => b.textsOf('1:x').includes('now'));
    });

    it('joins again what was left a moment before, or has joined already', async (t) => {
      const [a, b] = await ends(t);
      for (let i = 0; i < 20; i++) {
        const first = b.join('1:x');
        b.backplane.leave('1:x');
        await Promise.race([first, sleep(0)]);
        await b.join('1:x');
        await b.join('1:x');
        await a.publish('1:x', String(i));
        await until('the message', () => b.textsOf('1:x').at(-1) === String(i));
        b.backplane.leave('1:x');
      }
    });

    it('carries large messages', async (t) => {
      const [a, b] = await ends(t);
      await b.join('1:x');
      const large = [1024 * 1024, 1, 3_000_000, 1024 * 1024 + 1];
      const texts = large.map((length, i) => String(i).repeat(length));
      await Promise.all(texts.map((text) => a.publish('1:x', text)));
      await until('them', () => b.received.length === large.length, 20_000);
      for (const [i, text] of texts.entries()) assert.ok(b.received[i]?.text === text, `message ${i}`);
    });

    it('keeps topics apart, whatever they are called', async (t) => {
      const [a, b] = await ends(t);
      for (const topic of HOSTILE) await b.join(topic);
      for (const topic of HOSTILE) await a.publish(topic, Buffer.from(topic).toString('latin1'));
      await until('all', () => b.received.length >= HOSTILE.length);
      await sleep(100);
      assert.deepEqual(
        b.received.map(({ topic }) => topic),
        HOSTILE,
      );
      for (const { topic, text } of b.received) assert.equal(Buffer.from(text, 'latin1').toString(), topic);
    });

    it('is back with its topics after its servers were killed, and confirmed nothing that was lost', async (t) => {
      const [a, b] = await ends(t);
      let joined = 0;
      b.backplane.join('1:x', () => joined++);
      await until('the topic', () => joined === 1);
      let confirmed = 0;
      const publish100 = (): void => {
        for (let i = 0; i < 100; i++) a.backplane.publish('1:x', Buffer.from('lost'), () => confirmed++);
      };
      await transport.pause();
      publish100();
      await transport.kill();
      await until('the loss', () => [a, b].every(({ log }) => log.at(-1) === 'disconnected'));
      publish100();
      await sleep(200);
      let greeted = 0;
      a.onConnected = () => a.backplane.publish('1:hello', Buffer.from('hello'), () => greeted++);
      await transport.restart();
      await until('the return', () => [a, b].every(({ log }) => log.at(-1) === 'connected'), 20_000);
      await until('what was published at once', () => greeted === 1);
      assert.ok(joined >= 2, 'it is told again that the topic is joined');
      await a.publish('1:x', 'after');
      await until('a message', () => b.received.length > 0);
      assert.deepEqual(b.textsOf('1:x'), ['after']);
      assert.equal(confirmed, 0);
      for (const { log } of [a, b]) assert.deepEqual(log, ['connected', 'disconnected', 'connected']);
    });

    it('notices servers that do not answer any more, and that they do again', async (t) => {
      const [a, b] = await ends(t);
      await b.join('1:x');
      await transport.pause();
      const from = performance.now();
      await until('the loss', () => [a, b].every(({ log }) => log.at(-1) === 'disconnected'), 10_000);
      assert.ok(performance.now() - from < 4 * TIMEOUT_MS);
      transport.resume();
      await until('the return', () => [a, b].every(({ log }) => log.at(-1) === 'connected'), 20_000);
      await a.publish('1:x', 'after');
      await until('a message', () => b.textsOf('1:x').includes('after'));
    });

    it('sends what it was given before it closes, and is silent then', async (t) => {
      const [a, b] = await ends(t);
      await b.join('1:x');
      for (let i = 0; i < 1000; i++) a.backplane.publish('1:x', Buffer.from(String(i)), () => {});
      await a.backplane.close();
      a.backplane.publish('1:x', Buffer.from('too late'), () => {});
      await until('all', () => b.received.length === 1000);
      assert.deepEqual(a.log, ['connected']);
    });

    it('ends in time though its servers do not answer', async (t) => {
      const [a, b] = await ends(t);
      await b.join('1:x');
      await transport.pause();
      const from = performance.now();
      let confirmed = 0;
      a.backplane.publish('1:x', Buffer.from('lost'), () => confirmed++);
      await Promise.all([a.backplane.close(), b.backplane.close()]);
      assert.ok(performance.now() - from < 3 * TIMEOUT_MS);
      transport.resume();
      assert.equal(confirmed, 0);
    });

    it('says where it could not connect to, be nobody there or nobody who answers', async (t) => {
      const events = { message: () => {}, connected: () => {}, disconnected: () => {} };
      await assert.rejects(transport.astray().start(events), /127\.0\.0\.1:\d+.*(ECONNREFUSED|refused|unreachable)/is);
      t.after(() => transport.resume());
      await transport.pause();
      const from = performance.now();
      await assert.rejects(transport.open().start(events), /127\.0\.0\.1:\d+.*(no answer|timeout|timed out)/is);
      assert.ok(performance.now() - from < 4 * TIMEOUT_MS);
    });
  });
}
