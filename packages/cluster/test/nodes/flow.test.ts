import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Flow, type Parcel } from '../../src/nodes/flow.ts';

const KILOBYTES_400 = Buffer.alloc(400 * 1024);

/** A transport that confirms when the test says so. */
class Transport {
  readonly flow: Flow<Parcel>;
  readonly sent: string[] = [];
  readonly confirmed: string[] = [];
  readonly #waiting: Parcel[] = [];
  readonly #confirmations: (() => void)[] = [];
  confirmsAtOnce = false;

  constructor() {
    this.flow = new Flow({
      next: () => this.#waiting.shift(),
      send: (topic, _frame, confirmed) => {
        this.sent.push(topic);
        if (this.confirmsAtOnce) confirmed();
        else this.#confirmations.push(confirmed);
      },
      confirmed: ({ topic }) => this.confirmed.push(topic),
    });
  }

  offer(...topics: readonly string[]): void {
    this.#waiting.push(...topics.map((topic) => ({ topic, frame: KILOBYTES_400 })));
    this.flow.pump();
  }

  confirm(): void {
    this.#confirmations.shift()?.();
  }
}

describe('A flow', () => {
  it('sends a mebibyte, and the rest in order as it is confirmed', () => {
    const transport = new Transport();
    transport.offer('a', 'b', 'c', 'd', 'e');
    assert.deepEqual(transport.sent, [], 'it is not open');
    transport.flow.open();
    assert.deepEqual(transport.sent, ['a', 'b', 'c']);
    transport.confirm();
    assert.deepEqual(transport.sent, ['a', 'b', 'c', 'd']);
    transport.confirm();
    transport.offer('f');
    assert.deepEqual(transport.sent, ['a', 'b', 'c', 'd', 'e']);
    assert.deepEqual(transport.confirmed, ['a', 'b']);
  });

  it('does not count what a connection before confirms late', () => {
    const transport = new Transport();
    transport.flow.open();
    transport.offer('a', 'b', 'c');
    transport.flow.close();
    transport.offer('d', 'e', 'f', 'g');
    assert.deepEqual(transport.sent, ['a', 'b', 'c']);
    transport.flow.open();
    assert.deepEqual(transport.sent, ['a', 'b', 'c', 'd', 'e', 'f']);
    transport.confirm();
    assert.deepEqual(transport.sent, ['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('goes through a long queue of what is confirmed at once', () => {
    const transport = new Transport();
    transport.confirmsAtOnce = true;
    const topics = Array.from({ length: 20_000 }, (_, i) => String(i));
    transport.offer(...topics);
    transport.flow.open();
    assert.deepEqual(transport.sent, topics);
  });
});
