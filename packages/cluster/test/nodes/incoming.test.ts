import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Incoming } from '../../src/nodes/incoming.ts';

const A = 'aaaaaaaaaaaaaaaa';
const B = 'bbbbbbbbbbbbbbbb';
const TOPIC = '1:x';

/** What comes in and what comes of it, in words. */
class Play {
  readonly log: string[] = [];
  readonly incoming: Incoming;
  nowMs = 0;

  constructor(maxHeldBytes = 1000) {
    this.incoming = new Incoming({
      bounds: { maxHeldBytes, maxHoldMs: 3000 },
      beatMs: 1000,
      now: () => this.nowMs,
      deliver: (origin, _topic, body) => this.log.push(`${origin[0]}${body.toString()}`),
      ask: (_origin, _topic, { after, upTo }) => this.log.push(`ask (${after},${upTo}]`),
      lost: (_origin, _topic, { after, upTo }) => this.log.push(`lost (${after},${upTo}]`),
    });
    this.incoming.joined(TOPIC);
  }

  come(origin: string, number: number, previous: number): void {
    this.incoming.receive(origin, TOPIC, message(number, previous));
  }

  repeat(origin: string, number: number, previous: number): void {
    this.incoming.repeated(origin, TOPIC, message(number, previous));
  }

  /** What happened since it was last looked at. */
  get news(): string {
    return this.log.splice(0).join(' ');
  }
}

function message(number: number, previous: number): { number: number; previous: number; body: Buffer } {
  return { number, previous, body: Buffer.from(String(number)) };
}

describe('Messages with a hole between them', () => {
  it('wait until what is missing has come, and what is missing is asked for once', () => {
    const play = new Play();
    play.come(A, 4, 2);
    play.come(A, 7, 6);
    play.come(A, 9, 7);
    play.come(A, 12, 11);
    assert.equal(play.news, 'a4 ask (4,6] ask (9,11]');
    play.repeat(A, 6, 4);
    play.repeat(A, 10, 9);
    assert.equal(play.news, 'a6 a7 a9 a10');
    play.repeat(A, 11, 10);
    assert.equal(play.news, 'a11 a12');
    assert.deepEqual(play.incoming.counters, { delivered: 7, duplicates: 0, gaps: 1, repaired: 3, lost: 0 });
  });

  it('are asked for again, and come without what is missing when that takes too long', () => {
    const play = new Play();
    for (const [number, previous] of [
      [1, 0],
      [3, 2],
      [4, 3],
      [8, 6],
    ] as const)
      play.come(A, number, previous);
    assert.equal(play.news, 'a1 ask (1,2] ask (4,6]');
    play.nowMs = 1000;
    play.incoming.expire();
    assert.equal(play.news, 'ask (1,6]');
    play.nowMs = 3000;
    play.incoming.expire();
    assert.equal(play.news, 'lost (1,2] a3 a4 lost (4,6] a8');
    play.repeat(A, 2, 1);
    play.come(A, 9, 8);
    assert.equal(play.news, 'a9', 'what comes after all is too late');
  });

  it('are not given up while what is missing is coming', () => {
    const play = new Play();
    play.come(A, 1, 0);
    play.come(A, 9, 8);
    assert.equal(play.news, 'a1 ask (1,8]');
    for (let number = 2; number <= 8; number++) {
      play.nowMs += 900;
      play.repeat(A, number, number - 1);
      play.incoming.expire();
    }
    assert.equal(play.news, 'a2 a3 a4 a5 a6 a7 a8 a9');
  });

  it('come without what the origin does not have any more, up to there', () => {
    const play = new Play();
    for (const [number, previous] of [
      [1, 0],
      [3, 2],
      [8, 6],
    ] as const)
      play.come(A, number, previous);
    play.incoming.notToBeHad(A, TOPIC, 2);
    assert.equal(play.news, 'a1 ask (1,2] ask (3,6] lost (1,2] a3');
    play.repeat(A, 6, 3);
    assert.equal(play.news, 'a6 a8');
  });

  it('do not wait beyond the bound: those that have waited longest go on', () => {
    const play = new Play(3);
    play.come(A, 1, 0);
    play.come(B, 1, 0);
    play.come(A, 3, 2);
    play.come(B, 3, 2);
    play.come(B, 4, 3);
    assert.equal(play.news, 'a1 b1 ask (1,2] ask (1,2]');
    play.come(B, 5, 4);
    assert.equal(play.news, 'lost (1,2] a3');
    play.come(B, 6, 5);
    assert.equal(play.news, 'lost (1,2] b3 b4 b5 b6');
  });

  it('are given up where the origin does not remember the topic', () => {
    const play = new Play();
    play.come(A, 1, 0);
    play.come(A, 3, 2);
    play.come(A, 900, 0);
    assert.equal(play.news, 'a1 ask (1,2] lost (1,2] a3 a900');
  });

  it('are forgotten with their topic, and what was asked for before it was joined again does not count', () => {
    const play = new Play();
    play.come(A, 1, 0);
    play.come(A, 3, 2);
    play.incoming.left(TOPIC);
    play.incoming.joined(TOPIC);
    assert.equal(play.news, 'a1 ask (1,2]');
    play.repeat(A, 2, 1);
    play.come(A, 5, 4);
    assert.equal(play.news, 'a5');
  });

  it('are forgotten with their origin', () => {
    const play = new Play(5);
    play.come(A, 1, 0);
    for (let i = 3; i < 8; i++) play.come(A, i, i - 1);
    play.incoming.forget(A);
    play.come(B, 1, 0);
    for (let i = 3; i < 8; i++) play.come(B, i, i - 1);
    assert.equal(play.news, 'a1 ask (1,2] b1 ask (1,2]', 'what it had waiting takes no room any more');
  });
});
