import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { APP, type RawClient, type RedisServer, type SluiceProcess, until, WebhookReceiver } from '@sluice/testkit';
import { connect, overRedis, startNodes } from './nodes.ts';

const HELD_MS = 1000;
const TAKE_OVER_MS = 20_000;

interface Up {
  readonly nodes: readonly [SluiceProcess, SluiceProcess];
  readonly redis: RedisServer;
  readonly receiver: WebhookReceiver;
}

/** Two nodes over one Redis, which also holds what their webhooks owe. */
async function up(t: TestContext): Promise<Up> {
  const receiver = await WebhookReceiver.start(t);
  const { server, config } = await overRedis(t);
  const webhooks = {
    retry: { initial_backoff_ms: 100, max_backoff_ms: 300 },
    batching: { duration: 20 },
    vacated_delay_ms: HELD_MS,
  };
  const joined = { server, config: { ...config, queue: { driver: 'redis' }, webhooks } };
  const app = {
    max_client_events_per_second: 1000,
    webhooks: [{ url: receiver.url, headers: { 'X-Token': 'hook-secret' } }],
  };
  const nodes = (await startNodes(t, joined, { app })) as [SluiceProcess, SluiceProcess];
  return { nodes, redis: server as RedisServer, receiver };
}

async function metricOf(node: SluiceProcess, name: string): Promise<number> {
  return (await node.metric(`sluice_${name}{port="${node.port}"}`)) ?? 0;
}

async function isMetric(node: SluiceProcess, name: string, value: number): Promise<void> {
  await until(`${name} ${value}`, async () => (await metricOf(node, name)) === value, 10_000);
}

/** Nothing that the node owes is known to it alone. */
function saved(node: SluiceProcess): Promise<void> {
  return isMetric(node, 'webhook_unsaved_events', 0);
}

/** The node owes so many events, or one more: what there is about a channel is for one of the nodes to tell. */
async function untilOwed(node: SluiceProcess, count: number): Promise<void> {
  await until('what it owes', async () => (await metricOf(node, 'webhook_queued_events')) >= count);
  await saved(node);
}

/** Ten client events, with the numbers from `from` on. */
function say(client: RawClient, channel: string, from: number): void {
  for (let i = from; i < from + 10; i++) client.send({ event: 'client-n', channel, data: i });
}

function numbersTold({ events }: WebhookReceiver): number[] {
  return events.filter(({ name }) => name === 'client_event').map(({ data }) => Number(data));
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

describe('Webhooks that are noted in Redis', { timeout: 120_000 }, () => {
  it('are sent by another node when theirs is killed, in order, and nothing secret is in Redis', async (t) => {
    const { nodes, redis, receiver } = await up(t);
    const [dying, heir] = nodes;
    receiver.answer = 500;
    const client = await connect(t, dying, ['private-a']);
    say(client, 'private-a', 0);
    await untilOwed(dying, 10);
    const keys = (await redis.command('KEYS', 'sluice_queue:ledger:*')).split('\n');
    const noted = (await Promise.all(keys.map((key) => redis.command('HVALS', key)))).join('\n');
    assert.match(noted, /client_event/);
    for (const secret of [APP.secret, 'hook-secret']) assert.ok(!noted.includes(secret));
    dying.signal('SIGKILL');
    await dying.exited;
    receiver.answer = 200;
    await until('all', () => numbersTold(receiver).length === 10, TAKE_OVER_MS);
    assert.deepEqual(numbersTold(receiver), upTo(10));
    assert.ok(receiver.told.includes('channel_occupied private-a'));
    await until('the going', () => receiver.told.includes('channel_vacated private-a'), TAKE_OVER_MS);
    await isMetric(heir, 'webhook_queued_events', 0);
    await saved(heir);
    await until('an empty Redis', async () => (await redis.command('KEYS', 'sluice_queue:ledger:*')) === '');
  });

  it('tell of goings that were held when the node was killed', async (t) => {
    const { nodes, receiver } = await up(t);
    const [dying] = nodes;
    // So many that either node has to tell of some.
    const channels = upTo(12).map((i) => `news-${i}`);
    const told = (name: string): string[] => receiver.told.filter((text) => text.startsWith(name));
    const client = await connect(t, dying, channels);
    await until('the comings', () => told('channel_occupied').length === channels.length);
    for (const channel of channels) client.send({ event: 'pusher:unsubscribe', data: { channel } });
    await sleep(HELD_MS / 2);
    dying.signal('SIGKILL');
    assert.deepEqual(told('channel_vacated'), []);
    await until('the goings', () => new Set(told('channel_vacated')).size === channels.length, TAKE_OVER_MS);
  });

  it('arrive once each where nobody dies, though Redis is lost meanwhile with all that it had', async (t) => {
    const { nodes, redis, receiver } = await up(t);
    const clients = await Promise.all(nodes.map((node, i) => connect(t, node, [`private-${i}`])));
    const sayAll = (from: number): void => clients.forEach((client, i) => say(client, `private-${i}`, from));
    sayAll(0);
    receiver.answer = 500;
    sayAll(10);
    await sleep(300);
    await redis.kill();
    sayAll(20);
    await until('both to notice', () => nodes.every(({ output }) => output.includes('known to this process alone')));
    receiver.answer = 200;
    sayAll(30);
    await until('all, without Redis', () => numbersTold(receiver).length === 80, TAKE_OVER_MS);
    await redis.start();
    await until(
      'both to return',
      () => nodes.every(({ output }) => output.includes('outside this process again')),
      TAKE_OVER_MS,
    );
    sayAll(40);
    await until('the last', () => numbersTold(receiver).length >= 100, TAKE_OVER_MS);
    for (const node of nodes) await isMetric(node, 'webhook_queued_events', 0);
    await sleep(3000);
    for (const i of [0, 1]) {
      const told = receiver.events.filter(({ channel, name }) => channel === `private-${i}` && name === 'client_event');
      assert.deepEqual(
        told.map(({ data }) => Number(data)),
        upTo(50),
      );
    }
    await until('an empty Redis', async () => (await redis.command('KEYS', 'sluice_queue:ledger:*')) === '');
  });

  it('are left to the other node by one that was only paused, and that does not send them again', async (t) => {
    const { nodes, receiver } = await up(t);
    const [paused, heir] = nodes;
    receiver.stop();
    const client = await connect(t, paused, ['private-a']);
    say(client, 'private-a', 0);
    await untilOwed(paused, 10);
    paused.signal('SIGSTOP');
    const inherited = async (): Promise<number> => metricOf(heir, 'webhook_inherited_events_total');
    await until('the heir', async () => (await inherited()) >= 10, TAKE_OVER_MS);
    paused.signal('SIGCONT');
    await until('the news', () => paused.output.includes('took this one for dead'), TAKE_OVER_MS);
    await receiver.resume();
    await until('all', () => numbersTold(receiver).length >= 10, TAKE_OVER_MS);
    await sleep(1000);
    assert.deepEqual(numbersTold(receiver), upTo(10));
  });
});
