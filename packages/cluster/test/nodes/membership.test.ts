import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Membership } from '../../src/nodes/membership.ts';

const BEAT_MS = 1000;
const DEAD_MS = 5000;

/** One node's view, in a time that the test moves. */
class View {
  readonly log: string[] = [];
  readonly membership: Membership;
  nowMs = 0;

  constructor() {
    this.membership = new Membership({
      self: 'self',
      now: () => this.nowMs,
      beatMs: BEAT_MS,
      deadMs: DEAD_MS,
      onStoodStill: () => this.log.push('stood still'),
      onJoined: (node) => this.log.push(`joined ${node}`),
      onGone: (node, reason) => this.log.push(`${reason} ${node}`),
    });
    this.membership.listening();
  }

  /** Beats of this node, each after those of the others. */
  pass(beats: number, others: readonly string[]): void {
    for (let i = 0; i < beats; i++) {
      this.nowMs += BEAT_MS;
      for (const node of others) this.membership.heard(node);
      this.membership.tick();
    }
  }

  get news(): string {
    return this.log.splice(0).join(', ');
  }
}

describe('Membership', () => {
  it('counts a node as dead after exactly its time, once, and as joined anew when it is heard again', () => {
    const view = new View();
    view.pass(3, ['a', 'b']);
    assert.equal(view.news, 'joined a, joined b');
    view.pass(DEAD_MS / BEAT_MS, ['a']);
    assert.equal(view.news, '');
    view.pass(4, ['a']);
    assert.equal(view.news, 'dead b');
    view.pass(3, ['a', 'b']);
    assert.equal(view.news, 'joined b');
    assert.deepEqual(view.membership.nodes, ['a', 'b']);
  });

  it('judges nobody after a pause of its own before it has listened for the whole time', () => {
    const view = new View();
    view.pass(3, ['a', 'b']);
    view.nowMs += 60_000;
    view.membership.tick();
    view.pass(DEAD_MS / BEAT_MS, ['a']);
    assert.equal(view.news, 'joined a, joined b, stood still');
    view.pass(1, ['a']);
    assert.equal(view.news, 'dead b');
  });

  it('judges nobody without a connection, nor after it before it has listened for the whole time', () => {
    const view = new View();
    view.pass(3, ['a']);
    view.membership.notListening();
    view.pass(60, []);
    view.membership.listening();
    view.pass(DEAD_MS / BEAT_MS, []);
    assert.equal(view.news, 'joined a');
    view.pass(1, []);
    assert.equal(view.news, 'dead a');
  });

  it('takes a node that says that it goes at its word, and hears nothing of itself', () => {
    const view = new View();
    view.pass(1, ['a', 'self']);
    view.membership.left('a');
    view.membership.left('a');
    assert.equal(view.news, 'joined a, left a');
  });
});
