import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { queryObjects } from 'node:v8';
import type { LocalHub } from '../src/primary/local-hub.ts';
import { NodeRegistry } from '../src/registry/node-registry.ts';
import { FakeWorker } from './fake-worker.ts';
import { localHub, NO_LISTENER } from './silent.ts';

const MANY = 200;

function silentRegistry(): NodeRegistry {
  return new NodeRegistry({ now: () => 0, cache: { maxEvents: 10, maxBytes: 1_000_000 }, listener: NO_LISTENER });
}

/** How many there are in this process after what is not needed any more has gone. */
function living(kind: typeof Set | typeof Map): number {
  return queryObjects(kind, { format: 'count' });
}

/** A worker that publishes, takes a slot and joins at the moment of its death: the primary reads it afterwards. */
async function dieWhilePublishing(hub: LocalHub, { owner, witness }: { owner: number; witness: FakeWorker }) {
  const worker = new FakeWorker(hub, owner);
  worker.backbone.publish('1:a', Buffer.from(String(owner)));
  worker.registry.count({ appId: '1', channel: `of-${owner}`, subscriptions: 1, announce: false });
  void worker.registry.acquire({ name: `slot-${owner}`, max: 1 });
  hub.detach(owner);
  await witness.settled();
  await nextTurn();
  await witness.settled();
}

describe('A worker that has died', () => {
  it('leaves nothing behind, though what it wrote last is read after its end and reaches the others', async () => {
    const hub = localHub();
    const witness = new FakeWorker(hub, 1);
    await witness.join('1:a');
    const dieFrom = async (first: number): Promise<void> => {
      for (let owner = first; owner < first + MANY; owner++) await dieWhilePublishing(hub, { owner, witness });
    };
    // What is made once, whoever dies.
    await dieFrom(1000);
    const before = living(Set);
    await dieFrom(2000);
    const more = living(Set) - before;
    assert.ok(more < MANY / 2, `${more} sets more after ${MANY} deaths`);
    const owners = [1000, 2000].flatMap((first) => Array.from({ length: MANY }, (_, i) => first + i));
    assert.deepEqual(
      witness.log,
      owners.map((owner) => `1:a=${owner}`),
    );
    assert.deepEqual(await witness.registry.channels('1', ''), []);
  });

  it('is forgotten by those who had published to it', async () => {
    const hub = localHub();
    const [publisher, dead] = [new FakeWorker(hub, 1), new FakeWorker(hub, 2)];
    await dead.join('1:a');
    publisher.backbone.publish('1:a', Buffer.from('x'));
    await publisher.settled();
    hub.detach(2);
    // No worker gets the number of another; here it shows what is remembered of that.
    const next = new FakeWorker(hub, 2);
    const asked: string[] = [];
    next.answer = ({ type }) => asked.push(type);
    await publisher.backbone.takenUp();
    await next.settled();
    assert.deepEqual(asked, []);
  });

  it('is not waited for by those who had published to it, and the others are', async () => {
    const hub = localHub();
    const [publisher, dead, other] = [1, 2, 3].map((owner) => new FakeWorker(hub, owner)) as [
      FakeWorker,
      FakeWorker,
      FakeWorker,
    ];
    await Promise.all([dead.join('1:a'), other.join('1:a')]);
    const echoes: (() => void)[] = [];
    other.answer = () => undefined;
    other.held = (answer) => echoes.push(answer);
    publisher.backbone.publish('1:a', Buffer.from('x'));
    await publisher.settled();
    dead.backbone.publish('1:a', Buffer.from('last'));
    hub.detach(2);
    const startedAt = performance.now();
    let isTakenUp = false;
    const takenUp = publisher.backbone.takenUp()?.then(() => (isTakenUp = true));
    while (performance.now() < startedAt + 200 && (echoes.length === 0 || other.log.length < 2)) await nextTurn();
    await publisher.settled();
    assert.equal(isTakenUp, false, 'one who lives has not taken it up yet');
    for (const echo of echoes) echo();
    await takenUp;
    // Not by giving up: that takes 250 ms.
    assert.ok(performance.now() - startedAt < 240);
    assert.deepEqual(other.log, ['1:a=x', '1:a=last']);
  });

  it('holds no slot, and nothing is kept of the names of its slots', () => {
    const registry = silentRegistry();
    const names = Array.from({ length: MANY }, (_, i) => `app:${i}`);
    const before = living(Map);
    for (const name of names) assert.equal(registry.acquire(1, { name, max: 1 }), true);
    assert.equal(registry.acquire(2, { name: 'shared', max: 2 }), true);
    assert.equal(registry.acquire(1, { name: 'shared', max: 2 }), true);
    assert.equal(registry.acquire(3, { name: 'shared', max: 2 }), false);
    assert.ok(living(Map) - before >= MANY);
    registry.dropOwner(1);
    const more = living(Map) - before;
    assert.ok(more < MANY / 2, `${more} maps more after the owner of ${MANY} slots died`);
    assert.equal(registry.acquire(3, { name: 'shared', max: 2 }), true);
    assert.equal(registry.acquire(3, { name: 'shared', max: 2 }), false, 'the slot of one who lives stays taken');
    for (const name of names) assert.equal(registry.acquire(3, { name, max: 1 }), true);
  });

  it('leaves no user behind that it had signed in or watched, nor do those who leave by themselves', () => {
    const registry = silentRegistry();
    const users = Array.from({ length: MANY }, (_, i) => ({ appId: '1', userId: `u${i}` }));
    const ids = users.map(({ userId }) => userId);
    registry.userJoined(1, { appId: '1', userId: 'first' });
    const before = living(Map);
    const grown = (): number => living(Map) - before;
    for (const user of users) registry.userJoined(1, user);
    assert.ok(grown() >= MANY);
    for (const user of users) registry.userLeft(1, user);
    assert.ok(grown() < MANY / 2, 'after they left');
    registry.watch(1, '1', ids);
    assert.ok(grown() >= MANY);
    registry.unwatch(1, '1', ids);
    assert.ok(grown() < MANY / 2, 'after nobody watched them');
    for (const user of users) registry.userJoined(1, user);
    registry.watch(1, '1', ids);
    registry.dropOwner(1);
    assert.ok(grown() < MANY / 2, 'after the worker died');
  });
});
