import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createSocketId } from '@sluice/protocol';
import type { SnapshotNotice } from '../src/primary/snapshot-notices.ts';
import { SnapshotRounds } from '../src/primary/snapshot-rounds.ts';
import { Node } from './registry-node.ts';

const MEMBERS = 30_000;

/** A node that is asked for what it holds, over a transport that takes what the test lets it. */
class Asked {
  readonly node = new Node('a');
  readonly told = new Map<string, Iterable<SnapshotNotice>>();
  made = 0;
  readonly rounds = new SnapshotRounds({
    snapshot: () => {
      this.made++;
      return this.node.replication.snapshot();
    },
    tellInParts: (node, parts) => this.told.set(node, parts),
  });

  async allTold(count: number): Promise<void> {
    while (this.told.size < count) await nextTurn();
  }

  /** The transport takes all that the node is told. */
  take(node: string): SnapshotNotice[] {
    const parts = [...(this.told.get(node) ?? [])];
    this.told.delete(node);
    return parts;
  }
}

describe('Snapshots for those that ask', () => {
  it('are made once for all that ask at a time, and again for those that ask later when all of them have it', async () => {
    const asked = new Asked();
    asked.node.count(1, 1);
    const nodes = Array.from({ length: 50 }, (_, i) => `node-${i}`);
    for (const node of nodes) asked.rounds.ask(node);
    await asked.allTold(50);
    for (const node of nodes) asked.rounds.ask(node);
    asked.rounds.ask('late');
    const [first] = nodes.map((node) => asked.take(node));
    assert.equal(asked.made, 1, 'who waits for it has asked once');
    assert.equal(first?.length, 1);
    await asked.allTold(1);
    assert.equal(asked.made, 2);
    assert.notDeepEqual(
      asked.take('late'),
      first,
      'of a number of its own, or its pieces would be taken for those before',
    );
  });

  it('do not wait for a node that has gone, nor for one that lost its connection', async () => {
    const asked = new Asked();
    for (const node of ['b', 'c', 'd']) asked.rounds.ask(node);
    await asked.allTold(3);
    asked.rounds.ask('e');
    asked.rounds.forget('b');
    asked.take('c');
    asked.take('d');
    asked.told.clear();
    await asked.allTold(1);
    assert.deepEqual([...asked.told.keys()], ['e']);
    asked.rounds.clear();
    asked.told.clear();
    asked.rounds.ask('f');
    await asked.allTold(1);
    assert.deepEqual([...asked.told.keys()], ['f']);
  });

  it('leave turns to others while they are made', async () => {
    const asked = new Asked();
    const { registry } = asked.node;
    for (let i = 0; i < MEMBERS; i++) {
      const member = { userId: `user-${i}`, info: `{"name":"Somebody ${i}"}` };
      const channel = `presence-${i % 1000}`;
      registry.join(1, { appId: '1', channel, socketId: createSocketId(), member, maxMembers: 1000 }, () => {});
    }
    asked.rounds.ask('b');
    let turns = 0;
    while (asked.told.size === 0) {
      await nextTurn();
      turns++;
    }
    assert.ok(turns > 3, `${turns} turns`);
    assert.ok(asked.take('b').length > 3);
  });
});
