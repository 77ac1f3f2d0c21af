import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeFrame } from '../../src/nodes/frames.ts';
import { Outgoing } from '../../src/nodes/outgoing.ts';

const KILOBYTES_400 = Buffer.alloc(400 * 1024);

/** Over a transport that confirms what the test says, as one of several connections would. */
class Origin {
  readonly outgoing: Outgoing;
  readonly #confirmations = new Map<number, () => void>();
  readonly #sent: number[] = [];
  #messages = 0;
  confirmsAtOnce = false;

  constructor(maxMessages = 100) {
    this.outgoing = new Outgoing({
      origin: 'aaaaaaaaaaaaaaaa',
      bounds: { maxMessages, maxBytes: 1e9, maxAgeMs: 60_000 },
      now: () => 0,
      send: (_topic, frame, confirmed) => {
        const decoded = decodeFrame(frame);
        assert.ok(decoded?.kind === 'numbered');
        const numbers = decoded.messages.map(({ number }) => number);
        this.#sent.push(...numbers);
        this.#messages++;
        if (this.confirmsAtOnce) confirmed();
        else for (const number of numbers) this.#confirmations.set(number, confirmed);
      },
    });
    this.outgoing.connected();
  }

  publish(...topics: readonly string[]): boolean[] {
    return topics.map((topic) => {
      const isTaken = this.outgoing.add(topic, KILOBYTES_400);
      this.outgoing.flush();
      return isTaken;
    });
  }

  confirm(...numbers: readonly number[]): void {
    for (const number of numbers) this.#confirmations.get(number)?.();
  }

  /** Messages of the transport since it was last looked at. */
  get messages(): number {
    const messages = this.#messages;
    this.#messages = 0;
    return messages;
  }

  /** Numbers that went out since it was last looked at. */
  get sent(): number[] {
    return this.#sent.splice(0);
  }
}

describe('What a node publishes', () => {
  it('goes out again as far as it was not confirmed, whatever was confirmed after it', () => {
    const origin = new Origin();
    origin.publish('x', 'y', 'x');
    origin.confirm(2);
    assert.deepEqual(origin.sent, [1, 2, 3]);
    origin.outgoing.disconnected();
    origin.publish('y');
    origin.outgoing.connected();
    assert.deepEqual(origin.sent, [1, 3, 4]);
    assert.equal(origin.outgoing.unconfirmed, 3);
    origin.confirm(1, 1, 3, 4);
    assert.equal(origin.outgoing.unconfirmed, 0);
  });

  it('goes out together where it comes together and goes to one topic, in order, and no more at once than a little', () => {
    const origin = new Origin();
    const { outgoing } = origin;
    const add = (topic: string, bytes: number): void => void outgoing.add(topic, Buffer.alloc(bytes));
    for (const topic of ['x', 'x', 'x', 'y', 'x']) add(topic, 100);
    assert.deepEqual(origin.sent, [], 'nothing before the flush');
    outgoing.flush();
    assert.deepEqual(origin.sent, [1, 2, 3, 4, 5]);
    assert.equal(origin.messages, 3);
    origin.confirm(1, 4, 5);
    assert.equal(outgoing.unconfirmed, 0, 'together they are confirmed');
    for (let i = 0; i < 100; i++) add('x', 1000);
    outgoing.flush();
    assert.deepEqual(
      origin.sent,
      Array.from({ length: 100 }, (_, i) => 6 + i),
    );
    assert.equal(origin.messages, 7, 'of 16 KiB each');
    origin.confirm(...Array.from({ length: 100 }, (_, i) => 6 + i));
    for (const bytes of [100_000, 10, 100_000]) add('x', bytes);
    outgoing.flush();
    assert.equal(origin.messages, 3, 'a long one goes alone');
  });

  it('goes out again without what was confirmed in between', () => {
    const origin = new Origin();
    const { outgoing } = origin;
    for (const topic of ['x', 'y', 'x', 'x']) outgoing.add(topic, Buffer.alloc(10));
    outgoing.flush();
    origin.confirm(2);
    assert.deepEqual(origin.sent, [1, 2, 3, 4]);
    outgoing.disconnected();
    outgoing.connected();
    assert.deepEqual(origin.sent, [1, 3, 4]);
    assert.equal(outgoing.resent, 3);
  });

  it('counts as sent again only where an earlier connection was given it', () => {
    const origin = new Origin();
    origin.outgoing.disconnected();
    origin.publish('x', 'x', 'x', 'x');
    origin.outgoing.connected();
    assert.deepEqual(origin.sent, [1, 2, 3]);
    assert.equal(origin.outgoing.resent, 0, 'all waited');
    origin.confirm(1);
    assert.deepEqual(origin.sent, [4]);
    origin.outgoing.disconnected();
    origin.publish('x', 'x');
    origin.outgoing.connected();
    assert.deepEqual(origin.sent, [2, 3, 4]);
    assert.equal(origin.outgoing.resent, 3);
    origin.confirm(2, 3, 4);
    assert.deepEqual(origin.sent, [5, 6]);
    assert.equal(origin.outgoing.resent, 3);
  });

  it('counts as missed by nobody while it waits for the transport', () => {
    const origin = new Origin();
    origin.publish('x', 'y', 'z');
    origin.confirm(3);
    origin.outgoing.disconnected();
    origin.publish('x', 'x', 'y');
    origin.outgoing.connected();
    // The transport is given a mebibyte: 1, 2 and 4. 3 it has had.
    origin.outgoing.disconnected();
    assert.deepEqual(origin.outgoing.tails(0), [
      ['x', 4],
      ['y', 2],
      ['z', 3],
    ]);
  });

  it('forgets the last numbers of topics a part at a time when there are very many', () => {
    const origin = new Origin(1);
    origin.confirmsAtOnce = true;
    const { outgoing } = origin;
    const body = Buffer.alloc(1);
    const remembered: number[] = [];
    for (let i = 0; i < 70_000; i++) {
      outgoing.add(`topic-${i}`, body);
      outgoing.flush();
      if (i >= 66_000 && i % 250 === 0) remembered.push(outgoing.tails(0).length);
    }
    assert.ok(Math.max(...remembered) <= 65_537, `${Math.max(...remembered)} topics`);
    // One at a time they would stay at the bound, and finding each would cost a look past all that have gone.
    assert.ok(Math.min(...remembered) < 65_100, `${Math.min(...remembered)} topics`);
    assert.deepEqual(outgoing.numbersOf('topic-69000', { after: 0, upTo: 69_001 }), { lostUpTo: 69_001, numbers: [] });
  });

  it('makes room for what comes as it is confirmed, and not before', () => {
    const origin = new Origin(4);
    origin.publish('x', 'x', 'x', 'x');
    assert.deepEqual(origin.sent, [1, 2, 3]);
    origin.outgoing.disconnected();
    origin.outgoing.connected();
    assert.deepEqual(origin.sent, [1, 2, 3]);
    assert.deepEqual(origin.publish('x'), [false], 'nothing that is not confirmed makes room');
    origin.confirm(1, 2, 3);
    assert.deepEqual(origin.sent, [4]);
    assert.deepEqual(origin.publish('x', 'x'), [true, true]);
    assert.deepEqual(origin.sent, [5, 6]);
  });
});
