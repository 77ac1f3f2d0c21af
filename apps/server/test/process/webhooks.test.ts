import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Pusher from 'pusher';
import { APP, ApiClient, LambdaReceiver, RawClient, SluiceProcess, until, WebhookReceiver } from '@sluice/testkit';
import { connectionsByWorker, untilMetric } from './support.ts';

interface Up {
  readonly server: SluiceProcess;
  readonly receiver: WebhookReceiver;
}

const DELAY_MS = 300;

/** Three workers and an endpoint that is told everything. */
async function up(t: TestContext, webhooks: object = {}, { counts = false } = {}): Promise<Up> {
  const receiver = await WebhookReceiver.start(t);
  const app = {
    ...APP,
    enable_client_messages: true,
    enable_subscription_count_events: counts,
    webhooks: [{ url: receiver.url, headers: { 'X-Custom': '1' } }],
  };
  const server = await SluiceProcess.start({
    workers: 3,
    config: { app_manager: { array: { apps: [app] } }, webhooks: { vacated_delay_ms: DELAY_MS, ...webhooks } },
  });
  t.after(() => server[Symbol.asyncDispose]());
  return { server, receiver };
}

function told({ events }: WebhookReceiver, channel: string): string[] {
  return events.filter((event) => event.channel === channel).map(({ name }) => name);
}

describe('Webhooks', () => {
  it('WH-04 to WH-09: tell of channels and members of all workers, once', async (t) => {
    const { server, receiver } = await up(t);
    const clients = await Promise.all(Array.from({ length: 6 }, () => RawClient.connect(server.wsUrl)));
    await Promise.all(clients.map((client) => client.subscribe('news')));
    // Two connections each of three users.
    for (const [i, client] of clients.entries()) {
      await client.subscribePresence('presence-room', { user_id: `u${i % 3}` });
    }
    await until('the members', () => told(receiver, 'presence-room').length === 4);
    assert.deepEqual(told(receiver, 'presence-room'), [
      'channel_occupied',
      'member_added',
      'member_added',
      'member_added',
    ]);
    await until('the news', () => told(receiver, 'news').length > 0);

    await Promise.all(clients.map((client) => client.close()));
    await until('the last', () => told(receiver, 'presence-room').includes('channel_vacated'));
    await until('the last', () => told(receiver, 'news').includes('channel_vacated'));
    assert.deepEqual(told(receiver, 'news'), ['channel_occupied', 'channel_vacated']);
    assert.equal(told(receiver, 'presence-room').filter((name) => name === 'member_removed').length, 3);
    assert.equal(told(receiver, 'presence-room').at(-1), 'channel_vacated');
    const pusher = new Pusher({ appId: APP.id, key: APP.key, secret: APP.secret, cluster: 'none' });
    for (const { headers, body } of receiver.calls) {
      assert.ok(pusher.webhook({ headers, rawBody: body }).isValid());
      assert.equal(headers['x-custom'], '1');
    }
  });

  it('WH-12: tell how many subscribers there are, but not on presence channels', async (t) => {
    const { server, receiver } = await up(t, {}, { counts: true });
    await using one = await RawClient.connect(server.wsUrl);
    await one.subscribe('news');
    await using two = await RawClient.connect(server.wsUrl);
    await two.subscribePresence('presence-room', { user_id: 'u' });
    await until('the presence', () => told(receiver, 'presence-room').length === 2);
    await until('the number', () => told(receiver, 'news').length === 2);
    assert.deepEqual(receiver.events.at(1), { name: 'subscription_count', channel: 'news', subscription_count: 1 });
    await two.close();
    await until('the last', () => told(receiver, 'presence-room').includes('channel_vacated'));
    assert.ok(!told(receiver, 'presence-room').includes('subscription_count'));
  });

  it('WH-06, WH-08: tell nothing of who comes back in time, on another connection and worker', async (t) => {
    const { server, receiver } = await up(t, { vacated_delay_ms: 3000 });
    const first = await RawClient.connect(server.wsUrl);
    await first.subscribePresence('presence-room', { user_id: 'u' });
    await until('the member', () => told(receiver, 'presence-room').length === 2);
    const [pid] = [...connectionsByWorker(server)].find(([, connections]) => connections > 0) ?? [];
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGKILL');
    await first.nextClose();
    await using back = await RawClient.connect(server.wsUrl);
    await back.subscribePresence('presence-room', { user_id: 'u' });
    await sleep(3200);
    await back.subscribePresence('presence-other', { user_id: 'u' });
    await until('the other', () => told(receiver, 'presence-other').length === 2);
    assert.deepEqual(told(receiver, 'presence-room'), ['channel_occupied', 'member_added']);
  });

  it('WH-10, WH-11: tell what only the worker of a client knows', async (t) => {
    const { server, receiver } = await up(t);
    await using client = await RawClient.connect(server.wsUrl);
    await client.subscribe('private-x');
    await client.subscribe('cache-x');
    client.send({ event: 'client-said', channel: 'private-x', data: { a: 1 } });
    await until('both', () =>
      ['client_event', 'cache_miss'].every((name) => receiver.events.some((e) => e.name === name)),
    );
    assert.deepEqual(
      receiver.events.find(({ name }) => name === 'client_event'),
      {
        name: 'client_event',
        channel: 'private-x',
        event: 'client-said',
        data: '{"a":1}',
        socket_id: client.socketId,
      },
    );
  });

  it('WH-23: of an endpoint that hangs delay no message, and show in the metrics', async (t) => {
    const { server, receiver } = await up(t, { request_timeout_ms: 500, batching: { enabled: false } });
    receiver.answer = 'hang';
    await using client = await RawClient.connect(server.wsUrl);
    await client.subscribe('news');
    const api = new ApiClient(server.port);
    for (let i = 0; i < 20; i++) await api.trigger('news', 'e', i);
    for (let i = 0; i < 20; i++) assert.equal((await client.next('e')).data, String(i));
    await untilMetric(server, 'webhook_failed_calls_total', 1);
    assert.deepEqual(told(receiver, 'news'), []);
    receiver.answer = 200;
    await until('the retry', () => told(receiver, 'news').includes('channel_occupied'));
    await untilMetric(server, 'webhook_queued_events', 0);
  });

  it('of a worker that is killed tell what only it had, once it does not come back', async (t) => {
    const { server, receiver } = await up(t);
    const client = await RawClient.connect(server.wsUrl);
    await client.subscribePresence('presence-room', { user_id: 'u' });
    await until('the member', () => told(receiver, 'presence-room').includes('member_added'));
    for (const pid of server.workerPids()) process.kill(pid, 'SIGKILL');
    await client.nextClose();
    await until('the going', () => told(receiver, 'presence-room').length === 4);
    assert.deepEqual(told(receiver, 'presence-room'), [
      'channel_occupied',
      'member_added',
      'member_removed',
      'channel_vacated',
    ]);
  });

  it('at SIGTERM are sent before the end, those that are held too', async (t) => {
    const { server, receiver } = await up(t, { vacated_delay_ms: 60_000, batching: { duration: 60_000 } });
    const client = await RawClient.connect(server.wsUrl);
    await client.subscribePresence('presence-room', { user_id: 'u' });
    server.signal('SIGTERM');
    assert.deepEqual(await server.exited, { code: 0, signal: null });
    assert.deepEqual(told(receiver, 'presence-room'), [
      'channel_occupied',
      'member_added',
      'member_removed',
      'channel_vacated',
    ]);
  });
});

/** Makes every process of a server say on standard error which modules of the AWS SDK it loads. */
const SAYS_WHAT_IT_LOADS = `import { registerHooks } from 'node:module';
import { writeSync } from 'node:fs';
registerHooks({
  load(url, context, next) {
    if (url.includes('@aws-sdk')) writeSync(2, 'loads ' + url + String.fromCharCode(10));
    return next(url, context);
  },
});`;

describe('Webhooks to AWS Lambda', () => {
  const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(SAYS_WHAT_IT_LOADS)}`;

  async function upWith(
    t: TestContext,
    webhook: object,
    env: Readonly<Record<string, string>>,
  ): Promise<SluiceProcess> {
    const apps = [{ ...APP, webhooks: [webhook] }];
    const server = await SluiceProcess.start({ config: { app_manager: { array: { apps } } }, env });
    t.after(() => server[Symbol.asyncDispose]());
    return server;
  }

  it('invoke the function, and what waits at SIGTERM too', async (t) => {
    const receiver = await LambdaReceiver.start(t);
    const client_options = { endpoint: receiver.origin, credentials: receiver.credentials };
    const lambda = { function_name: 'told', region: 'eu-north-1', async: false, client_options };
    const server = await upWith(t, { lambda, headers: { 'X-Custom': '1' } }, { NODE_OPTIONS });
    assert.ok(!server.output.includes('@aws-sdk'), 'not before it is needed');
    const client = await RawClient.connect(server.wsUrl);
    receiver.answers.push('function error');
    await client.subscribePresence('presence-room', { user_id: 'u' });
    await until('the member', () => receiver.told.length === 2);
    assert.ok(server.output.includes('@aws-sdk'));
    server.signal('SIGTERM');
    assert.deepEqual(await server.exited, { code: 0, signal: null });
    assert.deepEqual(receiver.told, [
      'channel_occupied presence-room',
      'member_added presence-room',
      'member_removed presence-room',
      'channel_vacated presence-room',
    ]);
    const pusher = new Pusher({ appId: APP.id, key: APP.key, secret: APP.secret, cluster: 'none' });
    for (const { payload, headers, ...invocation } of receiver.invocations) {
      const expected = { functionName: 'told', type: 'RequestResponse', region: 'eu-north-1', isAuthentic: true };
      assert.deepEqual(invocation, expected);
      assert.equal(headers['X-Custom'], '1');
      const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
      const request = { headers: Object.fromEntries(lower), rawBody: JSON.stringify(payload) };
      assert.ok(pusher.webhook(request).isValid());
    }
    for (const secret of Object.values(receiver.credentials)) assert.ok(!server.output.includes(secret));
  });

  it('take credentials and endpoint from the environment', async (t) => {
    const receiver = await LambdaReceiver.start(t);
    const { accessKeyId, secretAccessKey } = receiver.credentials;
    const server = await upWith(
      t,
      { lambda_function: 'told' },
      {
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        AWS_ENDPOINT_URL_LAMBDA: receiver.origin,
      },
    );
    await using client = await RawClient.connect(server.wsUrl);
    await client.subscribe('news');
    await until('the invocation', () => receiver.told.includes('channel_occupied news'));
    const [{ type, region, isAuthentic } = assert.fail()] = receiver.invocations;
    assert.deepEqual({ type, region, isAuthentic }, { type: 'Event', region: 'us-east-1', isAuthentic: true });
  });

  it('load the AWS SDK in no server that has only URLs', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const server = await upWith(t, { url: receiver.url }, { NODE_OPTIONS });
    await using client = await RawClient.connect(server.wsUrl);
    await client.subscribe('news');
    await until('the call', () => told(receiver, 'news').length > 0);
    assert.ok(!server.output.includes('@aws-sdk'), server.output);
  });
});
