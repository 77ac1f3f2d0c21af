import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ApiClient, APP, RawClient, SluiceProcess, until, WebhookReceiver } from '@sluice/testkit';

const OTHER = { id: '2002', key: 'other-key', secret: 'other-secret' };

async function start(t: TestContext): Promise<SluiceProcess> {
  const server = await SluiceProcess.start({ workers: 2 });
  t.after(() => server[Symbol.asyncDispose]());
  return server;
}

/** Has the configuration read again, and gives what the log says of it. */
async function reload(server: SluiceProcess, config: Readonly<Record<string, unknown>>): Promise<string> {
  const before = server.output.length;
  server.writeConfig(config);
  server.signal('SIGHUP');
  return until('a word about it', () => {
    const said = server.output.slice(before);
    return /the apps have changed|the apps are as they were|is not taken up/.test(said) ? said : undefined;
  });
}

function configOf(...apps: readonly object[]): Readonly<Record<string, unknown>> {
  return { app_manager: { array: { apps } } };
}

describe('SIGHUP', () => {
  it('takes up new apps and webhooks, and workers that come later have them too', async (t) => {
    const server = await start(t);
    const receiver = await WebhookReceiver.start(t);
    const webhooks = [{ url: receiver.url, event_types: ['channel_occupied'] }];
    const said = await reload(server, configOf(APP, { ...OTHER, webhooks }));
    assert.match(said, /"added":\["2002"\],"changed":\[.*\],"removed":\[\]/);
    const url = server.wsUrl.replace(APP.key, OTHER.key);
    await using client = await RawClient.connect(url);
    await client.subscribe('news');
    await until('the webhook', () => receiver.told.length > 0);
    const [first] = server.workerPids();
    assert.ok(first !== undefined);
    process.kill(first, 'SIGKILL');
    await until('another worker', () => server.workerPids().length === 2 && !server.workerPids().includes(first));
    for (let i = 0; i < 8; i++) await (await RawClient.connect(url)).close();
  });

  it('keeps what is in force where the file has problems, and names them', async (t) => {
    const server = await start(t);
    await using client = await RawClient.connect(server.wsUrl);
    const said = await reload(server, configOf({ ...APP, max_connections: 'many' }));
    assert.match(said, /max_connections.*found \\"many\\"/);
    using api = new ApiClient(server.port);
    await client.subscribe('news');
    assert.equal((await api.trigger('news', 'e', 'x')).status, 200);
    await client.next('e');
  });

  it('says which other settings have changed and wait for a restart', async (t) => {
    const server = await start(t);
    const said = await reload(server, { activity_timeout: 60, ...configOf({ ...APP, enable_client_messages: true }) });
    assert.match(said, /"settings":\["activityTimeoutSeconds"\],"msg":"settings that have changed wait for a restart"/);
    assert.match(said, /the apps are as they were/);
  });
});
