import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Doubts } from '../../src/nodes/doubts.ts';
import { Incoming } from '../../src/nodes/incoming.ts';

const A = 'aaaaaaaaaaaaaaaa';

/** A node that hears a beat of another every second, with ten messages numbered in each. */
class Listener {
  readonly incoming: Incoming;
  readonly doubts: Doubts;
  readonly asked: { readonly question: number; readonly since: number }[] = [];
  nowMs = 0;
  turn = 0;
  isThere = true;

  constructor() {
    const now = (): number => this.nowMs;
    const nothing = (): void => {};
    const bounds = { maxHeldBytes: 1000, maxHoldMs: 3000 };
    this.incoming = new Incoming({ bounds, beatMs: 1000, now, deliver: nothing, ask: nothing, lost: nothing });
    this.doubts = new Doubts({
      incoming: this.incoming,
      now,
      tell: (_node, notice) => {
        if (notice.type === 'tails') this.asked.push({ question: notice.question, since: notice.since });
      },
      isThere: () => this.isThere,
    });
  }

  beats(count: number): void {
    for (let i = 0; i < count; i++) {
      this.nowMs += 1000;
      this.turn++;
      this.incoming.heard.noteBeat(A, this.turn * 10);
      this.doubts.beat(A, this.turn);
    }
  }

  /** Beats that do not come. */
  miss(count: number): void {
    this.nowMs += count * 1000;
    this.turn += count;
  }

  answer(question: number, part = 0, parts = 1): void {
    this.doubts.answered(A, { type: 'newest', question, turn: this.turn, part, parts, topics: [] });
  }

  /** The question that is asked again; undefined: none. */
  get openQuestion(): number | undefined {
    this.asked.length = 0;
    this.nowMs += 2000;
    this.doubts.askAgain();
    return this.asked[0]?.question;
  }
}

describe('A doubt', () => {
  it('comes with a beat after a missing one, from five seconds before the last that was heard', () => {
    const listener = new Listener();
    listener.beats(20);
    assert.deepEqual(listener.asked, []);
    listener.miss(1);
    listener.beats(1);
    // Heard at 20 s; five seconds before that, the beat of 14 s was the last.
    assert.deepEqual(listener.asked, [{ question: 1, since: 140 }]);
    listener.beats(3);
    assert.equal(listener.asked.length, 1);
  });

  it('does not come with a beat that comes twice, nor with one that a paused node sends late', () => {
    const listener = new Listener();
    listener.beats(5);
    listener.doubts.beat(A, 5);
    listener.doubts.beat(A, 3);
    listener.nowMs += 60_000;
    listener.beats(2);
    assert.deepEqual(listener.asked, []);
  });

  it('lasts until an answer to the newest question has come with all its parts', () => {
    const listener = new Listener();
    listener.beats(20);
    listener.miss(1);
    listener.beats(1);
    const [first] = listener.asked;
    listener.miss(1);
    listener.beats(1);
    const [, second] = listener.asked;
    assert.ok(first && second);
    listener.answer(first.question);
    assert.ok(listener.openQuestion, 'it may be older than what was lost since');
    listener.answer(second.question, 0, 2);
    listener.answer(second.question, 0, 2);
    assert.ok(listener.openQuestion, 'a part is missing');
    listener.answer(second.question, 1, 2);
    assert.equal(listener.openQuestion, undefined);
  });

  it('is not asked about again while the answer comes', () => {
    const listener = new Listener();
    listener.beats(20);
    listener.miss(1);
    listener.beats(1);
    const [asked] = listener.asked;
    assert.ok(asked);
    for (let part = 0; part < 9; part++) {
      listener.nowMs += 1500;
      listener.answer(asked.question, part, 10);
      listener.doubts.askAgain();
    }
    assert.equal(listener.asked.length, 1);
    assert.ok(listener.openQuestion, 'nothing came for two seconds');
  });

  it('reaches as far back as the oldest that is not answered', () => {
    const listener = new Listener();
    listener.beats(20);
    listener.doubts.deaf();
    listener.miss(30);
    listener.doubts.hearing([A]);
    listener.beats(10);
    listener.miss(1);
    listener.beats(1);
    assert.deepEqual(new Set(listener.asked.map(({ since }) => since)), new Set([140]));
  });

  it('waits while the node is not there, and is not forgotten', () => {
    const listener = new Listener();
    listener.beats(20);
    listener.miss(1);
    listener.beats(1);
    listener.isThere = false;
    assert.equal(listener.openQuestion, undefined);
    listener.isThere = true;
    assert.ok(listener.openQuestion);
    listener.doubts.forget(A);
    assert.equal(listener.openQuestion, undefined);
  });
});
