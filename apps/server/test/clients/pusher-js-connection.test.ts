import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, suite, type TestContext, test } from 'node:test';
import { SluiceProcess, until } from '@sluice/testkit';
import { Backend } from './backend.ts';
import {
  authorizedOver,
  type Client,
  collect,
  connect,
  count,
  first,
  isSignedIn,
  open,
  publisherOn,
} from './support.ts';

/** pusher-js tries once in 15 seconds while nobody listens, then once in 30. */
const RECONNECT_TIMEOUT_MS = 40_000;

const server = await SluiceProcess.start({ workers: 3 });
after(() => server[Symbol.asyncDispose]());
const { port } = server;

suite('pusher-js keeps its connection', { concurrency: true }, () => {
  test('a client with an unknown key is told why and stays away', staysAway);
  test("pusher-js's own pings are answered, so that a silent connection stays the same one", staysConnected);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    test(`after a restart by ${signal} a client comes back by itself, with its channels and its user`, async (t) => {
      await comesBack(t, signal);
    });
  }
});

async function staysAway(t: TestContext): Promise<void> {
  const refusals = `sluice_connection_errors_total{app_id="",port="${port}",error_type="app_not_found"}`;
  const client = open(t, port, { key: 'nobodys-key' });
  const states = collect(client.connection, 'state_change');
  const errors = collect(client.connection, 'error');
  await until('the end', () => client.connection.state === 'disconnected');
  await sleep(3000);
  assert.deepEqual(states.slice(-1), [{ previous: 'connecting', current: 'disconnected' }]);
  assert.equal(client.connection.state, 'disconnected');
  assert.equal(await server.metric(refusals), 1);
  const message = 'App key nobodys-key not in this cluster. Did you forget to specify the cluster?';
  assert.deepEqual(errors, [{ type: 'WebSocketError', error: { type: 'PusherError', data: { code: 4001, message } } }]);
}

async function staysConnected(t: TestContext): Promise<void> {
  const client = await connect(t, port, { activityTimeout: 1000, pongTimeout: 900 });
  const socketId = client.connection.socket_id;
  const changes = collect(client.connection, 'state_change');
  let pongs = 0;
  client.connection.bind('message', ({ event }: { readonly event: string }) => {
    if (event === 'pusher:pong') pongs++;
  });
  await until('five pongs', () => pongs === 5, 10_000);
  assert.equal(client.connection.socket_id, socketId);
  assert.deepEqual(changes, []);
}

async function comesBack(t: TestContext, signal: NodeJS.Signals): Promise<void> {
  await using old = await SluiceProcess.start({ workers: 3, env: { SHUTDOWN_DRAIN_WINDOW_MS: '0' } });
  const publisher = publisherOn(old.port);
  await using backend = await Backend.listen(publisher);
  const client = await connect(t, old.port, authorizedOver(backend, 'frank'));
  const channels = ['public', 'private-own', 'presence-room'].map((name) => client.subscribe(name));
  const got = channels.map((channel) => collect(channel, 'told'));
  client.signin();
  const isComplete = (): boolean => channels.every(({ subscribed }) => subscribed) && isSignedIn(client);
  await until('the subscriptions', isComplete);
  const socketId = client.connection.socket_id;
  const asked = [...backend.asked].sort();

  old.signal(signal);
  await until('the loss of the connection', () => client.connection.state !== 'connected', 10_000);
  await old.exited;
  await using _next = await SluiceProcess.start({ workers: 3, env: { PORT: String(old.port) } });
  await until('the connection', () => client.connection.state === 'connected', RECONNECT_TIMEOUT_MS);
  await until('the subscriptions', isComplete);
  assert.notEqual(client.connection.socket_id, socketId);
  assert.deepEqual(backend.asked.slice(asked.length).sort(), asked);
  await publisher.trigger(
    channels.map(({ name }) => name),
    'told',
    'again',
  );
  for (const one of got) assert.equal(await first('told', one), 'again');
  await greet(publisher, client);
}

async function greet(publisher: ReturnType<typeof publisherOn>, client: Client): Promise<void> {
  const greetings = collect(client.user, 'greeting');
  await publisher.sendToUser('frank', 'greeting', 'hello');
  await count('greeting', greetings, 1);
}
