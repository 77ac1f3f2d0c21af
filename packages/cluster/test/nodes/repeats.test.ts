import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeFrame } from '../../src/nodes/frames.ts';
import { Outgoing } from '../../src/nodes/outgoing.ts';
import { Repeats } from '../../src/nodes/repeats.ts';

const BODY = Buffer.alloc(400 * 1024);

/** One that published messages on topics in turn, over a transport that confirms when the test says so. */
class Origin {
  readonly outgoing: Outgoing;
  readonly repeats: Repeats;
  readonly log: string[] = [];
  readonly #confirmations: (() => void)[] = [];

  constructor(maxMessages: number, topics: readonly string[], count: number) {
    this.outgoing = new Outgoing({
      origin: 'aaaaaaaaaaaaaaaa',
      bounds: { maxMessages, maxBytes: 1e9, maxAgeMs: 60_000 },
      now: () => 0,
      send: (_topic, _frame, confirmed) => confirmed(),
    });
    this.outgoing.connected();
    this.repeats = new Repeats({
      outgoing: this.outgoing,
      topicOf: (node) => `to ${node}`,
      send: (to, frame, confirmed) => {
        const decoded = decodeFrame(frame);
        assert.ok(decoded?.kind === 'repeated');
        this.log.push(`${to}: ${decoded.topic} ${decoded.message.number}`);
        this.#confirmations.push(confirmed);
      },
      notToBeHad: (node, topic, upTo) => this.log.push(`not for ${node}: ${topic} up to ${upTo}`),
    });
    this.repeats.connected();
    this.publish(topics, count);
  }

  publish(topics: readonly string[], count: number): void {
    for (let i = 0; i < count; i++) {
      this.outgoing.add(topics[i % topics.length] ?? '', BODY);
      this.outgoing.flush();
    }
  }

  confirmAll(): void {
    for (let confirm = this.#confirmations.shift(); confirm; confirm = this.#confirmations.shift()) confirm();
  }

  get news(): string[] {
    return this.log.splice(0);
  }
}

describe('Messages that somebody missed', () => {
  it('are sent in order, one wish after the other, as the transport takes them', () => {
    const origin = new Origin(100, ['x', 'y'], 10);
    origin.repeats.wish('b', 'x', { after: 1, upTo: 7 });
    origin.repeats.wish('c', 'y', { after: 6, upTo: 10 });
    assert.deepEqual(origin.news, ['to b: x 3', 'to b: x 5', 'to b: x 7']);
    origin.confirmAll();
    assert.deepEqual(origin.news, ['to c: y 8', 'to c: y 10']);
  });

  it('are not sent twice when they are asked for again meanwhile, and what is asked for in addition follows', () => {
    const origin = new Origin(100, ['x'], 6);
    origin.repeats.wish('b', 'x', { after: 0, upTo: 4 });
    origin.repeats.wish('b', 'x', { after: 0, upTo: 4 });
    origin.repeats.wish('b', 'x', { after: 4, upTo: 6 });
    origin.confirmAll();
    assert.deepEqual(
      origin.news,
      [1, 2, 3, 4, 5, 6].map((number) => `to b: x ${number}`),
    );
    origin.repeats.wish('b', 'x', { after: 5, upTo: 6 });
    assert.deepEqual(origin.news, ['to b: x 6'], 'who asks later lost it');
  });

  it('are not to be had where they are forgotten, before they are asked for or while they are sent', () => {
    const origin = new Origin(6, ['x'], 8);
    origin.repeats.wish('b', 'x', { after: 0, upTo: 8 });
    assert.deepEqual(origin.news, ['not for b: x up to 2', 'to b: x 3', 'to b: x 4', 'to b: x 5']);
    origin.publish(['x'], 5);
    origin.confirmAll();
    assert.deepEqual(origin.news, ['not for b: x up to 6', 'not for b: x up to 7', 'to b: x 8']);
  });

  it('are sent on their own topics only, though one is forgotten while others wait', () => {
    const origin = new Origin(12, ['x', 'y'], 12);
    origin.repeats.wish('b', 'x', { after: 0, upTo: 11 });
    origin.repeats.wish('c', 'y', { after: 8, upTo: 12 });
    assert.deepEqual(origin.news, ['to b: x 1', 'to b: x 3', 'to b: x 5']);
    origin.publish(['z'], 7);
    origin.confirmAll();
    assert.deepEqual(origin.news, ['not for b: x up to 7', 'to b: x 9', 'to b: x 11', 'to c: y 10', 'to c: y 12']);
  });

  it('of a topic whose messages are all forgotten are not to be had up to its last', () => {
    const origin = new Origin(3, ['x', 'y', 'y', 'y'], 4);
    origin.repeats.wish('b', 'x', { after: 0, upTo: 1 });
    assert.deepEqual(origin.news, ['not for b: x up to 1']);
    assert.deepEqual(origin.outgoing.tails(0), [
      ['x', 1],
      ['y', 4],
    ]);
    assert.deepEqual(origin.outgoing.tails(1), [['y', 4]]);
  });

  it('are not to be had where the name of their topic is longer than a frame can say, and others are sent', () => {
    const [longest, tooLong] = ['x'.repeat(65_535), 'x'.repeat(65_536)];
    const origin = new Origin(100, [tooLong, longest], 4);
    origin.repeats.wish('b', tooLong, { after: 0, upTo: 3 });
    origin.repeats.wish('b', longest, { after: 0, upTo: 4 });
    const news = origin.news.map((line) => line.replace(tooLong, 'too long').replace(longest, 'longest'));
    assert.deepEqual(news, [
      'not for b: too long up to 1',
      'not for b: too long up to 3',
      'to b: longest 2',
      'to b: longest 4',
    ]);
  });

  it('are not sent over another connection: who still misses them asks again', () => {
    const origin = new Origin(100, ['x'], 10);
    origin.repeats.wish('b', 'x', { after: 0, upTo: 10 });
    origin.repeats.disconnected();
    origin.repeats.connected();
    origin.confirmAll();
    assert.equal(origin.news.length, 3);
  });
});
