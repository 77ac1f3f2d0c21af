import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChannelRecord } from '../src/registry/channel-record.ts';

const ALICE = { userId: 'alice', info: '{"name":"Alice"}' };
const BOB = { userId: 'bob', info: 'null' };

describe('ChannelRecord', () => {
  it('adds up the last number that each owner told', () => {
    const record = new ChannelRecord();
    assert.equal(record.isEmpty, true);
    record.setCount(1, 5);
    record.setCount(2, 2);
    record.setCount(1, 3);
    assert.deepEqual(record.summary('c'), { channel: 'c', subscriptions: 5, users: 0 });
    record.setCount(1, 0);
    assert.deepEqual(record.summary('c'), { channel: 'c', subscriptions: 2, users: 0 });
    assert.equal(record.isOccupied, true);
    record.setCount(2, 0);
    assert.equal(record.isOccupied, false);
    assert.equal(record.isEmpty, true);
  });

  it('lists everybody, the newcomer included, and says whether the user is new', () => {
    const record = new ChannelRecord();
    assert.deepEqual(record.join(1, ALICE, 100), { answer: [ALICE], isNew: true, isNewHere: true });
    assert.deepEqual(record.join(2, BOB, 100), { answer: [ALICE, BOB], isNew: true, isNewHere: true });
    assert.deepEqual(record.join(2, BOB, 100), { answer: [ALICE, BOB], isNew: false, isNewHere: false });
    assert.deepEqual(record.userIds(), ['alice', 'bob']);
    assert.deepEqual(record.memberOwners(), new Set([1, 2]));
  });

  it('keeps the first info of a user who joins again with another', () => {
    const record = new ChannelRecord();
    record.join(1, ALICE, 100);
    const { answer } = record.join(2, { userId: 'alice', info: '{"name":"Mallory"}' }, 100);
    assert.deepEqual(answer, [ALICE]);
  });

  it('ends a membership with the last connection on the last owner', () => {
    const record = new ChannelRecord();
    record.join(1, ALICE, 100);
    record.join(1, ALICE, 100);
    record.join(2, ALICE, 100);
    assert.equal(record.leave(1, 'alice').isGone, false);
    assert.equal(record.leave(1, 'alice').isGone, false);
    assert.deepEqual(record.memberOwners(), new Set([2]));
    assert.equal(record.leave(2, 'alice').isGone, true);
    assert.equal(record.isEmpty, true);
  });

  it('does not count a leave of somebody who is not there', () => {
    const record = new ChannelRecord();
    record.join(1, ALICE, 100);
    assert.equal(record.leave(1, 'bob').isGone, false);
    assert.equal(record.leave(2, 'alice').isGone, false);
    assert.deepEqual(record.userIds(), ['alice']);
  });

  it('refuses a new user beyond the bound, but never another connection of one who is there', () => {
    const record = new ChannelRecord();
    record.join(1, ALICE, 1);
    assert.deepEqual(record.join(1, BOB, 1), { answer: 'full', isNew: false, isNewHere: false });
    assert.deepEqual(record.join(2, ALICE, 1), { answer: [ALICE], isNew: false, isNewHere: false });
    record.leave(1, 'alice');
    record.leave(2, 'alice');
    assert.equal(record.join(1, BOB, 1).isNew, true);
  });

  it('names only users whose last connections went with the owner', () => {
    const record = new ChannelRecord();
    record.setCount(1, 3);
    record.setCount(2, 1);
    record.join(1, ALICE, 100);
    record.join(1, ALICE, 100);
    record.join(2, ALICE, 100);
    record.join(1, BOB, 100);
    assert.deepEqual(record.drop(1), { gone: ['bob'], goneHere: ['bob'], hadCount: true });
    assert.deepEqual(record.drop(1), { gone: [], goneHere: [], hadCount: false });
    assert.deepEqual(record.summary('c'), { channel: 'c', subscriptions: 1, users: 1 });
    assert.equal(
      record.leave(1, 'alice').isGone,
      false,
      'what came late from the dead owner takes nothing from the living',
    );
    assert.deepEqual(record.drop(2), { gone: ['alice'], goneHere: ['alice'], hadCount: true });
    assert.equal(record.isEmpty, true);
  });

  it('tells the first and last connection on this node from those of the user anywhere', () => {
    const record = new ChannelRecord();
    assert.equal(record.joinElsewhere('node', ALICE), true);
    assert.equal(record.joinElsewhere('node', ALICE), false);
    assert.deepEqual(record.join(1, ALICE, 0), { answer: [ALICE], isNew: false, isNewHere: true });
    assert.deepEqual(record.join(2, ALICE, 0), { answer: [ALICE], isNew: false, isNewHere: false });
    assert.deepEqual([...record.membersHere()], [ALICE]);
    assert.deepEqual(record.memberOwners(), new Set([1, 2]), 'no worker is behind the other node');
    assert.deepEqual(record.leave(1, 'alice'), { isGone: false, isGoneHere: false });
    assert.deepEqual(record.leave(2, 'alice'), { isGone: false, isGoneHere: true });
    assert.deepEqual([...record.membersHere()], []);
    assert.deepEqual(record.leave('node', 'alice'), { isGone: true, isGoneHere: false });
    assert.equal(record.isEmpty, true);
  });

  it('takes names of object members for ordinary users', () => {
    const record = new ChannelRecord();
    assert.equal(record.leave(1, '__proto__').isGone, false);
    assert.equal(record.join(1, { userId: '__proto__', info: 'null' }, 2).isNew, true);
    assert.equal(record.join(1, { userId: 'constructor', info: 'null' }, 2).isNew, true);
    assert.deepEqual(record.userIds(), ['__proto__', 'constructor']);
  });
});
