import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSocketId } from '@sluice/protocol';
import { Random } from '@sluice/testkit';
import { NodeRegistry } from '../src/registry/node-registry.ts';
import { NO_LISTENER } from './silent.ts';
import { APP, ROOM, SpokenRegistry } from './spoken-registry.ts';

describe('Presence in the registry', () => {
  it('tells of a user exactly once, at the first join and at the last leave', () => {
    const f = new SpokenRegistry();
    f.join(1, 'alice');
    assert.deepEqual(f.takeEvents(), [`+alice ${ROOM} to 1`]);
    f.join(1, 'alice');
    f.join(2, 'alice');
    f.leave(1, 'alice');
    f.leave(2, 'alice');
    assert.deepEqual(f.takeEvents(), []);
    f.leave(1, 'alice');
    assert.deepEqual(f.takeEvents(), [`-alice ${ROOM} to nobody`]);
    f.leave(1, 'alice');
    assert.deepEqual(f.takeEvents(), []);
  });

  it('tells every owner that holds a member, and no other', () => {
    const f = new SpokenRegistry();
    f.join(1, 'alice');
    f.join(3, 'carol', { channel: 'presence-other' });
    f.takeEvents();
    f.join(2, 'bob');
    f.leave(1, 'alice');
    assert.deepEqual(f.takeEvents(), [`+bob ${ROOM} to 1+2`, `-alice ${ROOM} to 2`]);
  });

  it('answers a newcomer with the list before anybody hears of the join', () => {
    const order: string[] = [];
    const registry = new NodeRegistry({
      now: () => 0,
      cache: { maxEvents: 3, maxBytes: 1_000_000 },
      listener: { ...NO_LISTENER, memberAdded: () => order.push('event') },
    });
    const member = { userId: 'alice', info: 'null' };
    const request = { appId: APP, channel: ROOM, socketId: createSocketId(), member, maxMembers: 1 };
    registry.join(1, request, () => order.push('answer'));
    assert.deepEqual(order, ['answer', 'event']);
  });

  it('tells nobody of a user whom a full channel refused, and keeps no trace of the channel', () => {
    const f = new SpokenRegistry();
    assert.equal(f.join(1, 'alice', { maxMembers: 0 }), 'full');
    f.join(1, 'bob', { maxMembers: 1 });
    assert.equal(f.join(2, 'alice', { maxMembers: 1 }), 'full');
    f.leave(2, 'alice');
    assert.deepEqual(f.takeEvents(), [`+bob ${ROOM} to 1`]);
    assert.deepEqual(f.registry.users(APP, ROOM), ['bob']);
  });

  it('derives the leaves of all users of an owner that died, and leaves no ghost', () => {
    const f = new SpokenRegistry();
    f.join(1, 'alice');
    f.join(1, 'shared');
    f.join(2, 'shared');
    f.join(2, 'bob');
    f.join(1, 'dave', { channel: 'presence-own' });
    f.registry.count(1, { appId: APP, channel: ROOM, subscriptions: 2, announce: false });
    f.registry.count(2, { appId: APP, channel: ROOM, subscriptions: 2, announce: false });
    f.registry.count(1, { appId: APP, channel: 'plain', subscriptions: 7, announce: false });
    f.takeEvents();
    f.registry.dropOwner(1);
    assert.deepEqual(f.takeEvents(), [`-alice ${ROOM} to 2`, '-dave presence-own to nobody']);
    assert.deepEqual(f.registry.channels(APP, ''), [{ channel: ROOM, subscriptions: 2, users: 2 }]);
    assert.deepEqual(f.registry.users(APP, 'presence-own'), []);
    f.registry.dropOwner(1);
    assert.deepEqual(f.takeEvents(), []);
    f.registry.dropOwner(2);
    assert.deepEqual(f.registry.channels(APP, ''), []);
    assert.deepEqual(f.registry.users(APP, ROOM), []);
  });

  it('agrees with a plain account of who is where after any joins, leaves and deaths', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = new Random(seed);
      const f = new SpokenRegistry();
      const held = new Map<string, number>();
      const isThere = (user: string): boolean => [1, 2, 3].some((owner) => (held.get(`${owner}${user}`) ?? 0) > 0);
      for (let step = 0; step < 60; step++) {
        const owner = 1 + random.below(3);
        const user = random.pick(['a', 'b', 'c']);
        const key = `${owner}${user}`;
        const before = ['a', 'b', 'c'].filter(isThere);
        const action = random.below(10);
        if (action < 5) {
          f.join(owner, user);
          held.set(key, (held.get(key) ?? 0) + 1);
        } else if (action < 9) {
          f.leave(owner, user);
          held.set(key, Math.max(0, (held.get(key) ?? 0) - 1));
        } else {
          f.registry.dropOwner(owner);
          for (const each of ['a', 'b', 'c']) held.delete(`${owner}${each}`);
        }
        const after = ['a', 'b', 'c'].filter(isThere);
        const expected = [
          ...after.filter((each) => !before.includes(each)).map((each) => `+${each}`),
          ...before.filter((each) => !after.includes(each)).map((each) => `-${each}`),
        ];
        assert.deepEqual(
          f
            .takeEvents()
            .map((event) => event.slice(0, 2))
            .sort(),
          expected.sort(),
          `seed ${seed}, step ${step}`,
        );
        assert.deepEqual(f.registry.users(APP, ROOM).sort(), after, `seed ${seed}, step ${step}`);
      }
    }
  });
});
