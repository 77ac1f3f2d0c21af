import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { until, WebhookReceiver } from '@sluice/testkit';
import type { WebhookApp, WebhooksOptions } from '../src/index.ts';
import { MemoryLedger } from './memory-ledger.ts';
import {
  added,
  app,
  hmac,
  lambda,
  occupied,
  removed,
  type Running,
  said,
  SECRET,
  start,
  target,
  timeOf,
  vacated,
} from './set-up.ts';

interface Node extends Running {
  readonly ledger: MemoryLedger;
}

async function startNode(
  t: TestContext,
  apps: WebhookApp | readonly WebhookApp[],
  changes: Partial<WebhooksOptions> = {},
): Promise<Node> {
  const ledger = new MemoryLedger();
  const webhooks = start(t, apps, { ledger, ...changes });
  await webhooks.open();
  return { ...webhooks, ledger };
}

/** One that never gets a call out, as if it died right away. */
function startDying(t: TestContext, apps: WebhookApp | readonly WebhookApp[]): Promise<Node> {
  return startNode(t, apps, { batching: { enabled: true, durationMs: 1_000_000, size: 1000 } });
}

const NOTHING = { prefix: null, suffix: null, pattern: null };

describe('what webhooks owe', () => {
  it('is noted when it is emitted, for each endpoint, and struck when it was told', async (t) => {
    const [ill, well] = [await WebhookReceiver.start(t), await WebhookReceiver.start(t)];
    ill.answer = 500;
    const node = await startNode(t, app(target(ill.url), target(well.url)));
    node.emit(occupied('a'));
    node.emit(said('a', '1'));
    assert.equal(node.ledger.texts.length, 4);
    await until('the well one', () => well.events.length === 2);
    await until('its entries', () => node.ledger.texts.length === 2);
    ill.answer = 200;
    await until('the other', () => ill.events.length === 2);
    await until('no entry', () => node.ledger.texts.length === 0);
    assert.equal(node.counters.sent, 4);
  });

  it('is struck when it is given up; what does not fit is not noted', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answer = 500;
    const retry = { maxElapsedMs: 100, initialBackoffMs: 20, maxBackoffMs: 40 };
    const node = await startNode(t, app(target(receiver.url)), { retry, maxQueuedEvents: 3 });
    for (let i = 0; i < 5; i++) node.emit(said('a', String(i)));
    assert.deepEqual([node.ledger.texts.length, node.counters.dropped], [3, 2]);
    await until('the end', () => node.counters.deadLettered === 3);
    assert.deepEqual(node.ledger.texts, []);
  });

  it('is struck when a fault of ours drops it', async (t) => {
    const faulty: WebhookApp = {
      ...app(target('http://127.0.0.1:1/')),
      get secret(): string {
        throw new Error('a fault');
      },
    };
    const node = await startNode(t, faulty);
    node.emit(occupied('a'));
    assert.equal(node.ledger.texts.length, 1);
    await until('the fault', () => node.counters.dropped === 1);
    assert.deepEqual(node.ledger.texts, []);
  });

  it('holds neither secrets of apps nor those of their webhooks', async (t) => {
    const credentials = { accessKeyId: 'secret-id', secretAccessKey: 'secret-key', sessionToken: 'secret-session' };
    const headers = { Authorization: 'Bearer secret-header' };
    const { port } = new URL((await WebhookReceiver.start(t)).url);
    const url = `http://user:secret-password@127.0.0.1:${port}/secret-path?token=secret-query`;
    const targets = [
      target(url, { headers }),
      lambda({ origin: `http://127.0.0.1:${port}`, credentials }, { headers }),
    ];
    const node = await startDying(t, app(...targets));
    node.emit(occupied('a'));
    node.emit(said('a', 'data'));
    node.emit(vacated('b'));
    assert.equal(node.ledger.texts.length, 5);
    for (const text of node.ledger.texts) assert.ok(!text.includes('secret') && !text.includes(SECRET), text);
  });
});

describe('what another node owed', () => {
  it('is told to the same endpoints, in order, signed here and with its time, and then struck', async (t) => {
    const [one, two] = [await WebhookReceiver.start(t), await WebhookReceiver.start(t)];
    const targets = [target(one.url), target(two.url, { eventTypes: ['client_event'] })];
    const dying = await startDying(t, app(...targets));
    const emittedAt = Date.now();
    dying.emit(occupied('a'));
    for (let i = 0; i < 5; i++) dying.emit(said('a', String(i)));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const node = await startNode(t, app(...targets), { batching: { enabled: true, durationMs: 30, size: 100 } });
    node.emit(occupied('younger'));
    node.ledger.takeOver(dying.ledger.texts);
    await until('all', () => one.events.length === 7 && two.events.length === 5);
    const numbersOf = ({ events }: WebhookReceiver): unknown[] => events.flatMap(({ data }) => data ?? []);
    assert.deepEqual(
      [numbersOf(one), numbersOf(two)],
      [
        ['0', '1', '2', '3', '4'],
        ['0', '1', '2', '3', '4'],
      ],
    );
    assert.ok(Math.abs(Number(timeOf(one.calls[0] ?? assert.fail())) - emittedAt) < 40, 'the time of its oldest event');
    for (const { headers, body } of [...one.calls, ...two.calls])
      assert.equal(headers['x-pusher-signature'], hmac(SECRET, body));
    await until('no entry', () => node.ledger.texts.length === 0);
    assert.deepEqual([node.counters.inherited, node.counters.sent, node.counters.queued], [11, 12, 0]);
  });

  it('goes to its endpoint also when password, query, headers or the order of webhooks have changed', async (t) => {
    const [one, two] = [await WebhookReceiver.start(t), await WebhookReceiver.start(t)];
    const withPassword = one.url.replace('//', '//u:old@');
    const dying = await startDying(t, app(target(`${withPassword}?old`, { headers: { a: 'old' } }), target(two.url)));
    dying.emit(occupied('a'));
    dying.emit(said('a', '1'));
    const [forOne] = dying.ledger.texts;
    const node = await startNode(t, app(target(two.url), target(`${one.url}?new`, { headers: { a: 'new' } })));
    node.ledger.takeOver([forOne ?? assert.fail()]);
    await until('the event', () => one.events.length === 1);
    assert.equal(two.events.length, 0);
    assert.equal(one.calls[0]?.headers['a'], 'new');
  });

  it('tells apart endpoints that are the same in all but secrets by their order', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const targets = ['x', 'y'].map((value) => target(receiver.url, { headers: { 'X-Name': value } }));
    const dying = await startDying(t, app(...targets));
    dying.emit(occupied('a'));
    const node = await startNode(t, app(...targets));
    node.ledger.takeOver(dying.ledger.texts.slice(1));
    await until('the event', () => receiver.calls.length === 1);
    assert.equal(receiver.calls[0]?.headers['x-name'], 'y');
  });

  it('is struck, counted and logged where this node has no such app or webhook, and where it makes no sense', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const filter = { ...NOTHING, prefix: 'a' };
    const dying = await startDying(t, [
      app(target(receiver.url), target(receiver.url, { filter })),
      { ...app(target(receiver.url)), id: 'gone' },
    ]);
    dying.emit(occupied('a'));
    dying.emit({ ...occupied('b'), appId: 'gone' });
    dying.emit({ ...vacated('b'), appId: 'gone' });
    const node = await startNode(t, app(target(receiver.url)));
    const later = JSON.stringify({ version: 2, kind: 'event' });
    const nonsense = [
      '',
      'null',
      '[]',
      '{',
      '{"version":1}',
      '{"version":1,"kind":"going","going":{"type":"cache_miss"}}',
      later,
    ];
    node.ledger.takeOver([...dying.ledger.texts, ...nonsense]);
    await until('the one', () => receiver.events.length === 1);
    await until('no entry', () => node.ledger.texts.length === 0);
    assert.deepEqual([node.counters.inherited, node.counters.dropped], [1, 3 + nonsense.length]);
    assert.deepEqual(
      node.log.find('no such app').map(({ fields }) => fields['count']),
      [3 + nonsense.length],
    );
  });

  it('stays where it is as long as its endpoint has no room for it, and comes then, in order', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answer = 'hang';
    const dying = await startDying(t, app(target(receiver.url)));
    for (let i = 0; i < 20; i++) dying.emit(said('a', String(i)));
    const node = await startNode(t, app(target(receiver.url)), { maxQueuedEvents: 5, requestTimeoutMs: 200 });
    for (const name of ['mine', 'mine, too']) node.emit(said('a', name));
    let left = node.ledger.takeOver(dying.ledger.texts);
    assert.deepEqual(left, dying.ledger.texts.slice(3));
    assert.deepEqual(node.ledger.takeOver(left), left);
    assert.equal(node.ledger.texts.length, 5);
    assert.deepEqual([node.counters.queued, node.counters.inherited, node.counters.dropped], [5, 3, 0]);
    assert.equal(node.log.find('taken over').length, 1);
    receiver.answer = 200;
    while (left.length > 0) {
      await until('room', () => node.counters.queued < 5);
      left = node.ledger.takeOver(left);
    }
    await until('the rest', () => node.counters.queued === 0);
    assert.deepEqual([node.counters.inherited, node.counters.dropped], [20, 0]);
    const numbers = receiver.events.map(({ data }) => Number(data)).filter(Number.isInteger);
    assert.deepEqual([...new Set(numbers)], [...Array.from({ length: 20 }).keys()]);
  });
});

describe('a going that another node held', () => {
  it('is noted from the start, and no more when it was undone or let go', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const node = await startNode(t, app(target(receiver.url)));
    node.emit(vacated('a'));
    node.emit(removed('presence-b', 'u'));
    assert.equal(node.ledger.texts.length, 2);
    node.emit(added('presence-b', 'u'));
    assert.equal(node.ledger.texts.length, 1);
    await until('the going', () => receiver.told.includes('channel_vacated a'));
    await until('no entry', () => node.ledger.texts.length === 0);
  });

  it('is held here for the whole time, and told unless it is undone or was undone before', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const dying = await startDying(t, app(target(receiver.url)));
    for (const channel of ['gone', 'back', 'there']) dying.emit(vacated(channel));
    dying.emit(removed('presence-gone', 'u'));
    const isThere: WebhooksOptions['isThere'] = ({ channel }) => channel === 'there';
    const node = await startNode(t, app(target(receiver.url)), { isThere });
    const from = performance.now();
    // It is noted once, whoever else held it.
    node.emit(vacated('gone'));
    node.ledger.takeOver(dying.ledger.texts);
    node.emit(occupied('back'));
    assert.equal(node.ledger.texts.length, 2);
    await until('the goings', () => receiver.told.length === 2);
    assert.ok(performance.now() - from >= 99);
    assert.deepEqual(receiver.told, ['channel_vacated gone', 'member_removed presence-gone']);
    await until('no entry', () => node.ledger.texts.length === 0);
  });

  it('is not told where who went is there when it would be, though nobody told this node of the return', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const dying = await startDying(t, app(target(receiver.url)));
    for (const channel of ['back', 'gone']) dying.emit(vacated(channel));
    const there = new Set<string>();
    const isThere: WebhooksOptions['isThere'] = ({ channel }) => there.has(channel);
    const node = await startNode(t, app(target(receiver.url)), { isThere });
    node.ledger.takeOver(dying.ledger.texts);
    there.add('back');
    await until('no entry', () => node.ledger.texts.length === 0);
    assert.deepEqual(receiver.told, ['channel_vacated gone']);
  });
});

describe('a node that starts', () => {
  it('takes nothing over before it can know who is there', async (t) => {
    const node = await startNode(t, app());
    assert.equal(node.ledger.inherits, false);
    node.inherit();
    assert.equal(node.ledger.inherits, true);
  });
});

describe('a node that was taken for dead', () => {
  it('sends and holds no more what another node has, and goes on with the rest', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answer = 500;
    const retry = { maxElapsedMs: 5000, initialBackoffMs: 200, maxBackoffMs: 200 };
    const node = await startNode(t, app(target(receiver.url)), { retry, vacatedDelayMs: 300 });
    for (let i = 0; i < 5; i++) node.emit(said('a', String(i)));
    node.emit(vacated('a'));
    await until('a failure', () => node.counters.failedAttempts === 1);
    const taken = node.ledger.entries;
    node.emit(said('a', 'mine'));
    node.ledger.events.lost(taken);
    receiver.answer = 200;
    await until('the rest', () => receiver.events.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 400));
    assert.deepEqual(
      receiver.events.map(({ data }) => data),
      ['mine'],
    );
    assert.deepEqual([node.counters.queued, node.counters.dropped], [0, 0]);
    assert.deepEqual(
      node.log.find('took this one for dead').map(({ fields }) => fields['count']),
      [5],
    );
  });
});

describe('a node that ends', () => {
  it('leaves what it could not send and what it holds, and counts as dropped only what is noted nowhere', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answer = 'hang';
    const node = await startNode(t, app(target(receiver.url)));
    node.emit(said('a', '1'));
    node.emit(said('a', '2'));
    node.emit(vacated('a'));
    await until('a call', () => receiver.calls.length === 1);
    node.ledger.lostAtEnd = 1;
    await node.close();
    assert.ok(node.ledger.isClosed);
    assert.equal(node.ledger.texts.length, 3);
    assert.deepEqual([node.counters.dropped, node.counters.queued], [1, 0]);
    assert.deepEqual(
      node.log.find('noted nowhere').map(({ fields }) => fields['count']),
      [1],
    );
  });
});
