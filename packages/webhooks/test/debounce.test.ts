import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DomainEvent } from '@sluice/core';
import { Random, WebhookReceiver, until } from '@sluice/testkit';
import { Debounce } from '../src/debounce.ts';
import { RecentMisses } from '../src/recent-misses.ts';
import { MemoryLedger } from './memory-ledger.ts';
import { added, app, miss, occupied, removed, said, start, target, vacated } from './set-up.ts';

describe('a channel', () => {
  it('that is left and found again in time is told neither vacated nor occupied (WH-05, WH-06)', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const webhooks = start(t, app(target(receiver.url)), { vacatedDelayMs: 300 });
    webhooks.emit(occupied('a'));
    webhooks.emit(vacated('a'));
    await sleep(30);
    webhooks.emit(occupied('a'));
    await sleep(350);
    assert.deepEqual(receiver.told, ['channel_occupied a']);
    const leftAt = performance.now();
    webhooks.emit(vacated('a'));
    await until('vacated', () => receiver.calls.length === 2);
    const heldMs = (receiver.calls[1]?.at ?? 0) - leftAt;
    assert.ok(heldMs >= 299 && heldMs < 5000, `held for ${heldMs} ms`);
    webhooks.emit(occupied('a'));
    await until('occupied', () => receiver.calls.length === 3);
    assert.deepEqual(receiver.told, ['channel_occupied a', 'channel_vacated a', 'channel_occupied a']);
  });

  it('that is left, found and left again is vacated once, the full time after the last', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const webhooks = start(t, app(target(receiver.url)), { vacatedDelayMs: 400 });
    webhooks.emit(vacated('a'));
    await sleep(60);
    webhooks.emit(occupied('a'));
    const leftAt = performance.now();
    webhooks.emit(vacated('a'));
    await until('vacated', () => receiver.calls.length > 0);
    assert.ok((receiver.calls[0]?.at ?? 0) - leftAt >= 399);
    await sleep(450);
    assert.deepEqual(receiver.told, ['channel_vacated a']);
  });
});

describe('a going that is held', () => {
  it('is not told when another node tells of the return, and is when it tells of another event', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const ledger = new MemoryLedger();
    const webhooks = start(t, app(target(receiver.url)), { ledger });
    webhooks.emit(vacated('back'));
    webhooks.emit(removed('presence-a', 'back'));
    webhooks.emit(removed('presence-a', 'gone'));
    webhooks.emit(vacated('gone'));
    assert.equal(ledger.texts.length, 4);
    webhooks.toldElsewhere(occupied('back'));
    webhooks.toldElsewhere(added('presence-a', 'back'));
    webhooks.toldElsewhere(vacated('gone'));
    assert.equal(ledger.texts.length, 2, 'of what is back nothing is noted any more');
    await until('the others', () => receiver.calls.length === 2);
    await sleep(50);
    assert.deepEqual(receiver.told, ['member_removed presence-a', 'channel_vacated gone']);
  });
});

describe('a late timer', () => {
  it('changes nothing about what is told', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    let now = 0;
    const webhooks = start(t, app(target(receiver.url)), { clock: { now: () => 5, monotonic: () => now } });
    webhooks.emit(vacated('a'));
    webhooks.emit(vacated('b'));
    now = 99;
    webhooks.emit(occupied('a'));
    now = 100;
    webhooks.emit(occupied('b'));
    await until('both', () => receiver.calls.length === 2);
    assert.deepEqual(receiver.told, ['channel_vacated b', 'channel_occupied b']);
    webhooks.emit(vacated('c'));
    now = 200;
    webhooks.toldElsewhere(occupied('c'));
    await until('the last', () => receiver.calls.length === 3);
    assert.equal(receiver.told[2], 'channel_vacated c');
  });
});

describe('a member', () => {
  it('that leaves and returns in time is told neither (WH-07, WH-08), apart from other members and channels', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const webhooks = start(t, app(target(receiver.url)));
    webhooks.emit(removed('presence-a', '1'));
    webhooks.emit(removed('presence-a', '2'));
    webhooks.emit(vacated('presence-a'));
    webhooks.emit(occupied('presence-a'));
    webhooks.emit(added('presence-a', '1'));
    webhooks.emit(added('presence-b', '2'));
    webhooks.emit({ ...added('presence-a', '2'), appId: 'other' });
    await until('both', () => receiver.calls.length === 2);
    await sleep(150);
    assert.deepEqual(receiver.told, ['member_added presence-b', 'member_removed presence-a']);
    assert.equal(receiver.events[1]?.['user_id'], '2');
  });

  it('that goes with the channel is told before it', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const webhooks = start(t, app(target(receiver.url)));
    webhooks.emit(removed('presence-a', '1'));
    webhooks.emit(vacated('presence-a'));
    await until('both', () => receiver.calls.length === 2);
    assert.deepEqual(receiver.told, ['member_removed presence-a', 'channel_vacated presence-a']);
  });
});

/** The same rules without queues: looks at all that is held, each time. */
class Model {
  readonly told: string[] = [];
  #held: { readonly what: string; readonly text: string; readonly dueAt: number }[] = [];
  readonly #delayMs: number;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  at(now: number): void {
    const due = this.#held.filter(({ dueAt }) => dueAt <= now).sort((a, b) => a.dueAt - b.dueAt);
    this.told.push(...due.map(({ text }) => text));
    this.#held = this.#held.filter(({ dueAt }) => dueAt > now);
  }

  take(event: DomainEvent, now: number): void {
    this.at(now);
    const what = 'userId' in event ? `${event.channel}/${event.userId}` : event.channel;
    const isHeld = this.#held.some((held) => held.what === what);
    if (event.type === 'channel_vacated' || event.type === 'member_removed') {
      if (!isHeld) this.#held.push({ what, text: textOf(event), dueAt: now + this.#delayMs });
    } else if (isHeld && (event.type === 'channel_occupied' || event.type === 'member_added')) {
      this.#held = this.#held.filter((held) => held.what !== what);
    } else this.told.push(textOf(event));
  }
}

function textOf(event: DomainEvent): string {
  return `${event.type} ${event.channel} ${'userId' in event ? event.userId : ''}`;
}

describe('the debounce', () => {
  it('tells what a naive model tells, in the same order', () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = new Random(seed);
      const told: string[] = [];
      const debounce = new Debounce({
        delayMs: 30,
        max: 1000,
        note: () => null,
        isThere: () => false,
        letGo: (event) => void told.push(textOf(event)),
      });
      const model = new Model(30);
      let now = 0;
      for (let i = 0; i < 200; i++) {
        now += random.pick([0, 0, 1, 5, 20, 40]);
        const channel = random.pick(['presence-a', 'presence-b', 'c']);
        const user = random.pick(['1', '2']);
        const make = random.pick([occupied, vacated, added, removed, miss, said]);
        const event = make(channel, user);
        debounce.release(now);
        if (debounce.passes(event, now)) told.push(textOf(event));
        model.take(event, now);
        if (random.below(5) === 0) {
          debounce.release(now);
          model.at(now);
        }
        const dueAt = debounce.nextDueAt();
        assert.ok(dueAt === null || (dueAt > now && dueAt <= now + 30), 'a timer set for it does not spin');
      }
      debounce.release(now + 30);
      model.at(now + 30);
      assert.deepEqual(told, model.told, `seed ${seed}`);
      assert.equal(debounce.size, 0);
    }
  });

  it('lets the oldest go early at its bound', () => {
    const told: string[] = [];
    const debounce = new Debounce({
      delayMs: 30,
      max: 2,
      note: () => null,
      isThere: () => false,
      letGo: (event) => void told.push(event.channel),
    });
    for (const channel of ['a', 'b', 'a', 'c']) debounce.passes(vacated(channel), 0);
    assert.deepEqual(told, ['a']);
    assert.equal(debounce.passes(occupied('a'), 1), true);
    assert.equal(debounce.passes(occupied('b'), 1), false);
  });

  it('lets go of a slice at its bound, of apps that hold more than their share', () => {
    const told: string[] = [];
    const debounce = new Debounce({
      delayMs: 30,
      max: 1000,
      note: () => null,
      isThere: () => false,
      letGo: ({ channel }) => void told.push(channel),
    });
    for (let i = 0; i < 100; i++) debounce.passes({ ...vacated(`quiet-${i}`), appId: 'quiet' }, 0);
    for (let i = 0; i < 900; i++) debounce.passes(vacated(`c${i}`), 0);
    assert.equal(told.length, 0);
    debounce.passes(vacated('c900'), 0);
    assert.deepEqual(
      told,
      Array.from({ length: 10 }, (_, i) => `c${i}`),
    );
    assert.equal(debounce.size, 991);
    for (let i = 901; i < 5000; i++) debounce.passes(vacated(`c${i}`), 0);
    assert.ok(debounce.size <= 1000 && !told.some((channel) => channel.startsWith('quiet')));
    for (let i = 0; i < 100; i++) {
      assert.equal(debounce.passes({ ...occupied(`quiet-${i}`), appId: 'quiet' }, 1), false);
    }
    for (let i = 4999; i > 4900; i--) assert.equal(debounce.passes(occupied(`c${i}`), 1), false);
    debounce.release(30);
    assert.equal(debounce.size, 0);
    for (let i = 0; i < 1000; i++) debounce.passes({ ...vacated(`c${i}`), appId: `app-${i % 7}` }, 40);
    debounce.passes(vacated('x'), 40);
    assert.equal(debounce.size, 991, 'however it is shared');
  });

  it('lets go together what is due in the same millisecond', () => {
    const told: string[] = [];
    const debounce = new Debounce({
      delayMs: 30,
      max: 1000,
      note: () => null,
      isThere: () => false,
      letGo: ({ channel }) => void told.push(channel),
    });
    debounce.passes(vacated('a'), 0.1);
    debounce.passes(vacated('b'), 0.9);
    debounce.release(30.95);
    assert.deepEqual(told, []);
    assert.equal(debounce.nextDueAt(), 31);
    debounce.release(31);
    assert.deepEqual(told, ['a', 'b']);
  });

  it('costs little at its bound', () => {
    let told = 0;
    const debounce = new Debounce({
      delayMs: 3000,
      max: 100_000,
      note: () => null,
      isThere: () => false,
      letGo: () => void told++,
    });
    assertCheap((i) => debounce.passes(vacated(`c${i}`), 0));
    assert.ok(told >= 30_000 && debounce.size <= 100_000);
  });
});

describe('recent misses', () => {
  it('tell what a naive model tells, and forget what is over', () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = new Random(seed);
      const misses = new RecentMisses();
      const toldAt = new Map<string, number>();
      let now = 0;
      for (let i = 0; i < 500; i++) {
        now += random.pick([0, 1, 500, 2000, 5000]);
        const [appId, channel] = [random.pick(['1', '2']), random.pick(['a', 'b', 'c', 'd'])];
        const isNew = now >= (toldAt.get(appId + channel) ?? -Infinity) + 10_000;
        if (isNew) toldAt.set(appId + channel, now);
        assert.equal(misses.isNew(appId, channel, now), isNew, `seed ${seed}`);
      }
    }
    const misses = new RecentMisses();
    for (let i = 0; i < 1000; i++) misses.isNew('1', `c${i}`, 5);
    for (const now of [10_005, 20_005]) misses.isNew('1', 'a', now);
    assert.ok(misses.size <= 2, `${misses.size} are kept`);
  });

  it('are bounded, and cost little at the bound', () => {
    const misses = new RecentMisses();
    assertCheap((i) => misses.isNew('1', `c${i}`, 5));
    assert.ok(misses.size <= 100_000);
    assert.equal(misses.isNew('1', 'c129999', 5), false);
    assert.equal(misses.isNew('1', 'c99999', 5), false);
    assert.equal(misses.isNew('1', 'c0', 5), true);
  });
});

/** The 30,000 above a bound of 100,000 took more than 5 s when each looked at the front of a Map. */
function assertCheap(act: (i: number) => void): void {
  for (let i = 0; i < 100_000; i++) act(i);
  const startedAt = performance.now();
  for (let i = 100_000; i < 130_000; i++) act(i);
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs < 4000, `${tookMs} ms`);
}
