import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { EventCache } from '../src/registry/event-cache.ts';
import { APP, ROOM, SpokenRegistry } from './spoken-registry.ts';

describe('Slots and rates in the registry', () => {
  it('gives a slot to so many of all owners, and again after one gives it back', () => {
    const { registry } = new SpokenRegistry();
    const slot = { name: 'app:1', max: 2 };
    assert.deepEqual(
      [1, 2, 1].map((owner) => registry.acquire(owner, slot)),
      [true, true, false],
    );
    registry.release(2, slot.name);
    assert.deepEqual(
      [2, 2].map((owner) => registry.acquire(owner, slot)),
      [true, false],
    );
    assert.equal(registry.acquire(1, { name: 'app:2', max: 1 }), true, 'another slot is apart');
  });

  it('frees the slots of an owner that died, and none twice', () => {
    const { registry } = new SpokenRegistry();
    const slot = { name: 'node', max: 3 };
    for (const owner of [1, 1, 2]) registry.acquire(owner, slot);
    registry.dropOwner(1);
    registry.release(1, slot.name);
    assert.deepEqual(
      [2, 2, 2].map((owner) => registry.acquire(owner, slot)),
      [true, true, false],
    );
  });
});

describe('Queries of the registry', () => {
  it('list occupied channels of an app by prefix', () => {
    const { registry } = new SpokenRegistry();
    const count = (appId: string, channel: string, subscriptions: number): void => {
      registry.count(1, { appId, channel, subscriptions, announce: false });
    };
    count(APP, 'news', 2);
    count(APP, 'news-eu', 1);
    count(APP, 'sport', 1);
    count(APP, 'empty', 1);
    count(APP, 'empty', 0);
    count('other', 'news', 9);
    assert.deepEqual(registry.channels(APP, 'news'), [
      { channel: 'news', subscriptions: 2, users: 0 },
      { channel: 'news-eu', subscriptions: 1, users: 0 },
    ]);
    assert.equal(registry.channels(APP, '').length, 3);
    assert.deepEqual(registry.channels('unknown', ''), []);
  });

  it('answer for named channels in the order given, occupied or not', () => {
    const f = new SpokenRegistry();
    f.registry.count(1, { appId: APP, channel: ROOM, subscriptions: 3, announce: false });
    f.join(1, 'alice');
    assert.deepEqual(f.registry.summaries(APP, ['nobody', ROOM]), [
      { channel: 'nobody', subscriptions: 0, users: 0 },
      { channel: ROOM, subscriptions: 3, users: 1 },
    ]);
  });

  it('do not list a channel where a member has joined and no subscription is active yet', () => {
    const f = new SpokenRegistry();
    f.join(1, 'alice');
    assert.deepEqual(f.registry.channels(APP, ''), []);
  });

  it('take names of object members for ordinary names', () => {
    const { registry } = new SpokenRegistry();
    assert.deepEqual(registry.users('__proto__', 'constructor'), []);
    registry.count(1, { appId: '__proto__', channel: '__proto__', subscriptions: 1, announce: false });
    assert.deepEqual(registry.channels('__proto__', ''), [{ channel: '__proto__', subscriptions: 1, users: 0 }]);
  });
});

describe('Numbers of subscribers in the registry', () => {
  const report = (subscriptions: number) => ({ appId: APP, channel: 'news', subscriptions, announce: true });

  it('SC-02, SC-03, SC-05: are told to those who have subscribers, summed over all, at each change', () => {
    const f = new SpokenRegistry();
    f.registry.count(1, report(1));
    f.registry.count(2, report(2));
    f.registry.count(1, report(0));
    f.registry.count(2, report(0));
    assert.deepEqual(f.takeEvents(), ['news has 1 to 1', 'news has 3 to 1+2', 'news has 2 to 2']);
  });

  it('are told when a worker dies, to those of the others that have subscribers', () => {
    const f = new SpokenRegistry();
    f.registry.count(1, report(5));
    f.registry.count(2, report(3));
    f.registry.count(2, { ...report(1), channel: 'quiet', announce: false });
    f.registry.count(1, { ...report(1), channel: 'quiet', announce: false });
    f.registry.count(2, { ...report(2), channel: 'alone' });
    f.takeEvents();
    f.registry.dropOwner(2);
    assert.deepEqual(f.takeEvents(), ['news has 5 to 1']);
    f.registry.dropOwner(3);
    assert.deepEqual(f.takeEvents(), []);
  });

  it('SC-04: are not told where nobody asked for it', () => {
    const f = new SpokenRegistry();
    f.registry.count(1, { ...report(1), announce: false });
    assert.deepEqual(f.takeEvents(), []);
  });

  it('SC-06: of large channels are told every five seconds while they change, and the last one always', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const f = new SpokenRegistry();
    for (let i = 99; i <= 110; i++) f.registry.count(1, report(i));
    assert.deepEqual(f.takeEvents(), ['news has 99 to 1', 'news has 100 to 1', 'news has 101 to 1']);
    mock.timers.tick(5000);
    assert.deepEqual(f.takeEvents(), ['news has 110 to 1']);
    mock.timers.tick(60_000);
    assert.deepEqual(f.takeEvents(), []);
    f.registry.count(1, report(5));
    assert.deepEqual(f.takeEvents(), ['news has 5 to 1']);
    mock.timers.reset();
  });
});

describe('Users in the registry', () => {
  const user = (userId: string) => ({ appId: APP, userId });

  it('WL-02, WL-03: come with their first connection and go with their last, for those who watch them', () => {
    const f = new SpokenRegistry();
    f.registry.userJoined(1, user('b'));
    assert.deepEqual(f.registry.watch(3, APP, ['b', 'c']), ['b']);
    f.registry.userJoined(2, user('c'));
    f.registry.userJoined(1, user('c'));
    f.registry.userLeft(2, user('c'));
    f.registry.userLeft(1, user('c'));
    f.registry.userJoined(1, user('nobody watches'));
    assert.deepEqual(f.takeEvents(), [
      'b online to nobody',
      'c online to 3',
      'c offline to 3',
      'nobody watches online to nobody',
    ]);
  });

  it('are not told of to those who have stopped watching', () => {
    const f = new SpokenRegistry();
    f.registry.watch(3, APP, ['b']);
    f.registry.unwatch(3, APP, ['b']);
    f.registry.userJoined(1, user('b'));
    assert.deepEqual(f.takeEvents(), ['b online to nobody']);
  });

  it('go when their worker dies, unless another still has them, and a dead worker watches nobody', () => {
    const f = new SpokenRegistry();
    for (const owner of [1, 2]) f.registry.userJoined(owner, user('both'));
    f.registry.userJoined(1, user('one'));
    for (const owner of [1, 2]) f.registry.watch(owner, APP, ['both', 'one']);
    f.takeEvents();
    f.registry.dropOwner(1);
    assert.deepEqual(f.takeEvents(), ['one offline to 2']);
    f.registry.userLeft(1, user('both'));
    assert.deepEqual(f.takeEvents(), []);
  });
});

describe('Events of cache channels in the registry', () => {
  const event = (channel: string, text: string, ttlMs = 1000) => ({ appId: APP, channel, text, tagsJson: '', ttlMs });

  it('CA-02, CA-04: are kept, the last one of each channel, for their time', () => {
    const f = new SpokenRegistry();
    f.registry.keep(event('cache-a', 'one'));
    f.registry.keep(event('cache-a', 'two'));
    f.nowMs = 400;
    assert.deepEqual(f.registry.kept(APP, 'cache-a'), { text: 'two', tagsJson: '', ttlMs: 600 });
    assert.equal(f.registry.kept('other', 'cache-a'), null);
    f.nowMs = 1000;
    assert.equal(f.registry.kept(APP, 'cache-a'), null);
  });

  it('are bounded in number: the one kept longest goes first', () => {
    const f = new SpokenRegistry();
    for (const channel of ['a', 'b', 'c', 'a', 'd']) f.registry.keep(event(channel, channel));
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((channel) => f.registry.kept(APP, channel)?.text),
      ['a', undefined, 'c', 'd'],
    );
  });

  it('are bounded in bytes too, and what is replaced or over gives its bytes back', () => {
    const cache = new EventCache({ maxEvents: 1000, maxBytes: 100, now: () => 0 });
    const keep = (channel: string, text: string, ttlMs = 1000): void => {
      cache.keep(event(channel, text, ttlMs));
    };
    const kept = (): string[] => ['a', 'b', 'c', 'd'].filter((channel) => cache.kept(APP, channel) !== null);
    for (let i = 0; i < 10; i++) keep('a', 'x'.repeat(40));
    keep('b', 'é'.repeat(20));
    assert.deepEqual(kept(), ['a', 'b']);
    keep('c', 'x'.repeat(40));
    assert.deepEqual(kept(), ['b', 'c']);
    keep('b', 'x', 0);
    assert.deepEqual(kept(), ['c']);
    keep('d', 'x'.repeat(59));
    assert.deepEqual(kept(), ['c', 'd']);
  });

  it('make room for many more than one at the bound, so that each does not look past all that went', () => {
    const cache = new EventCache({ maxEvents: 1000, maxBytes: 1_000_000, now: () => 0 });
    const size = (): number =>
      Array.from({ length: 1100 }, (_, i) => cache.kept(APP, `c${i}`)).filter((found) => found !== null).length;
    for (let i = 0; i < 1000; i++) cache.keep(event(`c${i}`, 'x'));
    assert.equal(size(), 1000);
    cache.keep(event('c1000', 'x'));
    assert.equal(size(), 990);
  });
});

describe('Occupied channels in the registry', () => {
  const report = (subscriptions: number) => ({ appId: APP, channel: 'news', subscriptions, announce: false });

  it('WH-04, WH-05: are told with the first subscriber of all workers, and vacated with the last', () => {
    const f = new SpokenRegistry();
    f.registry.count(1, report(0));
    assert.deepEqual(f.occupation.splice(0), []);
    f.registry.count(1, report(1));
    f.registry.count(2, report(1));
    f.registry.count(1, report(2));
    f.registry.count(1, report(0));
    assert.deepEqual(f.occupation.splice(0), ['news occupied']);
    f.registry.count(2, report(0));
    f.registry.count(2, report(0));
    assert.deepEqual(f.occupation.splice(0), ['news vacated']);
  });

  it('with presence are told once, whichever comes first of member and number', () => {
    const f = new SpokenRegistry();
    f.join(1, 'a');
    f.registry.count(1, { ...report(1), channel: ROOM });
    assert.deepEqual(f.occupation.splice(0), [`${ROOM} occupied`]);
    f.registry.count(1, { ...report(0), channel: ROOM });
    assert.deepEqual(f.occupation.splice(0), []);
    f.leave(1, 'a');
    f.leave(1, 'a');
    assert.deepEqual(f.occupation.splice(0), [`${ROOM} vacated`]);
  });

  it('are vacated by the death of the worker that had the last subscriber', () => {
    const f = new SpokenRegistry();
    f.registry.count(1, report(1));
    f.join(1, 'a');
    f.join(2, 'b');
    f.occupation.length = 0;
    f.registry.dropOwner(1);
    assert.deepEqual(f.occupation.splice(0), ['news vacated']);
    f.registry.dropOwner(2);
    assert.deepEqual(f.occupation, [`${ROOM} vacated`]);
  });

  it('are counted by kind, each once however many workers have it', () => {
    const f = new SpokenRegistry();
    const none = { public: 0, private: 0, presence: 0, encrypted: 0, user: 0 };
    for (const owner of [1, 2]) f.registry.count(owner, report(1));
    f.registry.count(1, { ...report(1), channel: 'private-encrypted-x' });
    f.join(2, 'a');
    assert.deepEqual(f.registry.channelCounts(), new Map([[APP, { ...none, public: 1, presence: 1, encrypted: 1 }]]));
    f.registry.dropOwner(1);
    f.registry.dropOwner(2);
    assert.deepEqual(f.registry.channelCounts(), new Map([[APP, none]]));
  });
});
