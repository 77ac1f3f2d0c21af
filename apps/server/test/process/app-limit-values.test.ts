import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApiClient, APP, presenceAuth, RawClient, SluiceProcess } from '@sluice/testkit';
import { APP_FIELD_NAMES } from '../../src/config/app-fields.ts';

/** None is its default, nor another's number, so that what refuses can only have it from here. */
const LIMITS = {
  max_presence_members_per_channel: 4,
  max_presence_member_size_in_kb: 2,
  max_client_events_per_second: 5,
  max_channel_name_length: 20,
  max_event_name_length: 12,
  max_event_payload_in_kb: 3,
  max_event_channels_at_once: 6,
  max_event_batch_size: 7,
} as const;

/** Limits that all workers share: app-limits.test.ts. */
const SHARED = ['max_connections', 'max_backend_events_per_second', 'max_read_requests_per_second'];

describe('A limit that an app sets', () => {
  let server: SluiceProcess;
  let api: ApiClient;

  before(async () => {
    const apps = [{ ...APP, enable_client_messages: true, ...LIMITS }];
    server = await SluiceProcess.start({ config: { app_manager: { array: { apps } } } });
    api = new ApiClient(server.port);
  });

  after(async () => {
    api[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });

  /** Status and text of a publish. */
  async function publish(body: unknown, path = '/events'): Promise<readonly [number, string]> {
    const { status, text } = await api.send({ method: 'POST', path, body });
    return [status, text];
  }

  /** The message of the next `pusher:error`. */
  async function refusal(client: RawClient): Promise<unknown> {
    const { data } = await client.next('pusher:error');
    return (data as { readonly message: unknown }).message;
  }

  it('is tried here or in app-limits.test.ts, whichever it is', () => {
    const limits = APP_FIELD_NAMES.filter((name) => name.startsWith('max_'));
    assert.deepEqual(limits.toSorted(), [...Object.keys(LIMITS), ...SHARED].toSorted());
  });

  it('max_presence_members_per_channel', async () => {
    const clients = await Promise.all(Array.from({ length: 5 }, () => RawClient.connect(server.wsUrl)));
    const late = clients.pop() as RawClient;
    for (const [i, client] of clients.entries()) await client.subscribePresence('presence-a', { user_id: `${i}` });
    late.send({
      event: 'pusher:subscribe',
      data: { channel: 'presence-a', ...presenceAuth(late.socketId, 'presence-a', { user_id: '4' }) },
    });
    const text = 'Subscription refused: presence channel presence-a already has 4 members, the most allowed';
    assert.equal(await refusal(late), text);
    await Promise.all([...clients, late].map((client) => client.close()));
  });

  it('max_presence_member_size_in_kb', async () => {
    await using client = await RawClient.connect(server.wsUrl);
    // With its two quotes.
    const info = (bytes: number): string => 'i'.repeat(bytes - 2);
    await client.subscribePresence('presence-a', { user_id: '1', user_info: info(2048) });
    const auth = presenceAuth(client.socketId, 'presence-b', { user_id: '1', user_info: info(2049) });
    client.send({ event: 'pusher:subscribe', data: { channel: 'presence-b', ...auth } });
    const text = 'Invalid channel_data for presence-b: user_info has more than 2048 bytes';
    assert.equal(await refusal(client), text);
  });

  it('max_client_events_per_second', async () => {
    await using sender = await RawClient.connect(server.wsUrl);
    await using other = await RawClient.connect(server.wsUrl);
    for (const client of [sender, other]) await client.subscribe('private-a');
    for (let i = 0; i < 6; i++) sender.send({ event: 'client-e', channel: 'private-a', data: `${i}` });
    assert.equal(await refusal(sender), 'Client event rejected - more than 5 messages in a second');
    for (let i = 0; i < 5; i++) assert.equal((await other.next('client-e')).data, `${i}`);
    await other.expectSilence(50);
  });

  it('max_channel_name_length, for clients and for publishers', async () => {
    await using client = await RawClient.connect(server.wsUrl);
    const [fits, long] = ['c'.repeat(20), 'c'.repeat(21)] as const;
    const text = `Invalid channel name '${long}': use up to 20 of the characters A-Z a-z 0-9 _ - = @ , . ;`;
    await client.subscribe(fits);
    client.send({ event: 'pusher:subscribe', data: { channel: long } });
    assert.equal(await refusal(client), text);
    assert.deepEqual(await publish({ name: 'e', channel: fits, data: '' }), [200, '{}']);
    assert.deepEqual(await publish({ name: 'e', channel: long, data: '' }), [400, `${text}\n`]);
  });

  it('max_event_name_length, for clients and for publishers', async () => {
    await using client = await RawClient.connect(server.wsUrl);
    await client.subscribe('private-a');
    client.send({ event: 'client-12345', channel: 'private-a', data: '' });
    client.send({ event: 'client-123456', channel: 'private-a', data: '' });
    assert.equal(await refusal(client), 'Client event rejected - the event name has more than 12 characters');
    assert.deepEqual(await publish({ name: 'e'.repeat(12), channel: 'a', data: '' }), [200, '{}']);
    const text = 'The event name has more than 12 characters\n';
    assert.deepEqual(await publish({ name: 'e'.repeat(13), channel: 'a', data: '' }), [400, text]);
  });

  it('max_event_payload_in_kb, for clients and for publishers', async () => {
    await using client = await RawClient.connect(server.wsUrl);
    await client.subscribe('private-a');
    const [fits, large] = ['d'.repeat(3072), 'd'.repeat(3073)];
    client.send({ event: 'client-e', channel: 'private-a', data: fits });
    client.send({ event: 'client-e', channel: 'private-a', data: large });
    const text = 'Client event rejected - data is 3073 bytes, more than the allowed maximum (3072 bytes)';
    assert.equal(await refusal(client), text);
    assert.deepEqual(await publish({ name: 'e', channel: 'a', data: fits }), [200, '{}']);
    const refused = 'The data content of this event exceeds the allowed maximum (3072 bytes).\n';
    assert.deepEqual(await publish({ name: 'e', channel: 'a', data: large }), [413, refused]);
  });

  it('max_event_channels_at_once', async () => {
    const channels = ['a', 'b', 'c', 'd', 'e', 'f'];
    assert.deepEqual(await publish({ name: 'e', channels, data: '' }), [200, '{}']);
    const more = [...channels, 'g'];
    assert.deepEqual(await publish({ name: 'e', channels: more, data: '' }), [400, 'Too many channels (7 > 6)\n']);
  });

  it('max_event_batch_size', async () => {
    const batch = Array.from({ length: 7 }, () => ({ name: 'e', channel: 'a', data: '' }));
    assert.deepEqual(await publish({ batch }, '/batch_events'), [200, '{}']);
    const more = { batch: [...batch, batch[0]] };
    assert.deepEqual(await publish(more, '/batch_events'), [400, 'Batch too large (8 > 7)\n']);
  });
});
