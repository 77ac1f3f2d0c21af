import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { presenceAuth, type RawClient, type ReceivedFrame, until } from '@sluice/testkit';
import { MAX_SUBSCRIPTIONS, Target } from './support.ts';

const DEEP = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
const MANY = 10_000;

function errorOf(frame: ReceivedFrame): { readonly code: number | null; readonly message: string } {
  return frame.data as { readonly code: number | null; readonly message: string };
}

/** The one answer to a frame has to be this error; the connection goes on. */
async function expectError(client: RawClient, text: string, message: RegExp): Promise<void> {
  client.sendText(text);
  const { code, message: got } = errorOf(await client.next('pusher:error'));
  assert.deepEqual([code, message.test(got)], [null, true], `${text.slice(0, 60)}: ${got}`);
}

async function expectAlive(client: RawClient): Promise<void> {
  client.send({ event: 'pusher:ping', data: {} });
  await client.next('pusher:pong');
}

describe('Messages that make no sense', () => {
  const target = new Target();

  it('that are no JSON, or no object, are answered with an error each', async () => {
    await using client = await target.client();
    for (const text of [
      '',
      ' ',
      '{',
      '{"event":"pusher:ping"',
      'undefined',
      "{'event':'pusher:ping'}",
      '\u0000',
      '{"event":"pusher:ping"}}',
      'NaN',
    ]) {
      await expectError(client, text, /^Invalid message: not valid JSON$/);
    }
    for (const text of ['null', '1', '[]', '"pusher:ping"', 'true', '[{"event":"pusher:ping"}]']) {
      await expectError(client, text, /^Invalid message: expected a JSON object$/);
    }
    await expectAlive(client);
  });

  it('whose members are of the wrong type are answered with an error that names the member', async () => {
    await using client = await target.client();
    const cases: readonly (readonly [unknown, string])[] = [
      [{}, 'event'],
      [{ event: null }, 'event'],
      [{ event: { event: 'pusher:ping' } }, 'event'],
      [{ event: ['pusher:ping'] }, 'event'],
      [{ event: 'pusher:subscribe' }, 'data.channel'],
      [{ event: 'pusher:subscribe', data: null }, 'data.channel'],
      [{ event: 'pusher:subscribe', data: ['news'] }, 'data.channel'],
      [{ event: 'pusher:subscribe', data: 'news' }, 'data.channel'],
      [{ event: 'pusher:subscribe', data: { channel: { length: 3 } } }, 'data.channel'],
      [{ event: 'pusher:subscribe', data: { channel: 'private-a', auth: 7 } }, 'data.auth'],
      [
        { event: 'pusher:subscribe', data: { channel: 'presence-a', auth: 'a:b', channel_data: {} } },
        'data.channel_data',
      ],
      [{ event: 'pusher:unsubscribe', data: { channel: 1 } }, 'data.channel'],
      [{ event: 'pusher:signin', data: { auth: true, user_data: '{}' } }, 'data.auth'],
      [{ event: 'pusher:signin', data: { auth: 'a:b', user_data: { id: '1' } } }, 'data.user_data'],
      [{ event: 'client-e', data: {} }, 'channel'],
      [{ event: 'client-e', channel: ['private-a'], data: {} }, 'channel'],
    ];
    for (const [content, member] of cases) {
      await expectError(client, JSON.stringify(content), new RegExp(`^Missing parameter: ${member}$`));
    }
    await expectAlive(client);
    assert.equal(client.frames.length, 0);
  });

  it('nested ten thousand levels deep are refused wherever the nesting is', async () => {
    await using client = await target.client();
    const tooDeep = /nested deeper than 64 levels/;
    await expectError(client, DEEP, tooDeep);
    await expectError(client, '['.repeat(60_000), tooDeep);
    await expectError(client, `{"event":"client-e","channel":"private-a","data":${DEEP}}`, tooDeep);
    await expectError(client, '{"a":'.repeat(10_000), tooDeep);
    await expectError(
      client,
      JSON.stringify({ event: 'pusher:subscribe', data: DEEP }),
      /^Missing parameter: data\.channel$/,
    );
    const auth = presenceAuth(client.socketId, 'presence-a', undefined);
    client.send({ event: 'pusher:subscribe', data: { channel: 'presence-a', ...auth, channel_data: DEEP } });
    await client.next('pusher:error');
    await client.next('pusher:subscription_error');
    await expectAlive(client);
  });

  it('nested deep in the body of a request are refused', async () => {
    using api = target.api();
    for (const body of [DEEP, `{"name":"e","channel":"c","data":${DEEP}}`, '{"a":'.repeat(100_000)]) {
      const { status, text } = await api.send({ method: 'POST', path: '/events', body });
      assert.deepEqual([status, text], [400, 'Invalid body: nested deeper than 64 levels\n']);
    }
  });

  it('of events that nobody knows are answered with an error', async () => {
    await using client = await target.client();
    const events = [
      '',
      'nothing',
      'pusher:nothing',
      'pusher:error',
      'pusher:connection_established',
      'pusher_internal:member_added',
      '__proto__',
      'constructor',
      'toString',
    ];
    for (const event of events)
      await expectError(client, JSON.stringify({ event, data: {} }), /^Unsupported event received on socket: /);
    await expectError(
      client,
      JSON.stringify({ event: 'x'.repeat(60_000) }),
      /^Unsupported event received on socket: x{200}…$/,
    );
    await expectError(client, JSON.stringify({ event: 'nothing', channel: 'news' }), /must be prefixed by 'client-'/);
    await expectAlive(client);
  });

  it('that forge events of the server reach nobody', async () => {
    await using one = await target.client();
    await using two = await target.client();
    for (const client of [one, two]) await client.subscribe('private-a');
    for (const event of ['pusher_internal:member_added', 'pusher:error', 'e'])
      one.send({ event, channel: 'private-a', data: '{}' });
    one.send({ event: 'client-real', channel: 'private-a', data: { from: 'one' }, user_id: 'forged' });
    const frame = await two.next();
    assert.deepEqual(frame, { event: 'client-real', channel: 'private-a', data: '{"from":"one"}' });
  });

  it('with lone surrogates, controls and every kind of character pass as they are', async () => {
    await using one = await target.client();
    await using two = await target.client();
    for (const client of [one, two]) await client.subscribe('private-a');
    const data = '{"text":"\\ud800 \\u0000 \\u2028 😀 \\" \\\\ </script>"}';
    one.sendText(`{"event":"client-\\udfff\\n","channel":"private-a","data":${JSON.stringify(data)}}`);
    const frame = await two.next('client-\udfff\n');
    assert.equal(frame.data, data);
  });
});

describe('Names that objects have members of', () => {
  const target = new Target();
  const NAMES = ['__proto__', 'constructor', 'hasOwnProperty'];

  it('are ordinary channels and events', async () => {
    using api = target.api();
    await using client = await target.client();
    for (const channel of NAMES) await client.subscribe(channel);
    for (const name of NAMES) {
      assert.equal((await api.trigger(name, name, { [name]: name })).status, 200);
      const { event, channel, data } = await client.next();
      assert.deepEqual([event, channel, data], [name, name, JSON.stringify({ [name]: name })]);
    }
    const { text } = await api.get('/channels', { info: 'subscription_count' });
    for (const name of NAMES) assert.ok(text.includes(`"${name}":{"subscription_count":1}`), text);
    for (const channel of NAMES) client.send({ event: 'pusher:unsubscribe', data: { channel } });
    await until('no channel to be left', async () => (await api.get('/channels')).text === '{"channels":{}}');
  });

  it('are ordinary users of a presence channel', async () => {
    using api = target.api();
    await using watcher = await target.client();
    await watcher.subscribePresence('presence-__proto__', { user_id: 'watcher' });
    for (const [i, user] of NAMES.entries()) {
      await using client = await target.client();
      client.send({
        event: 'pusher:subscribe',
        data: {
          channel: 'presence-__proto__',
          ...presenceAuth(client.socketId, 'presence-__proto__', { user_id: user, user_info: { n: i } }),
        },
      });
      const { data } = await client.next('pusher_internal:subscription_succeeded');
      assert.ok(String(data).includes(`"${user}":{"n":${i}}`), String(data));
      const added = await watcher.next('pusher_internal:member_added');
      assert.equal(added.data, JSON.stringify({ user_id: user, user_info: { n: i } }));
      assert.deepEqual((await api.get('/channels/presence-__proto__/users')).json(), {
        users: [{ id: 'watcher' }, { id: user }],
      });
      await client.close();
      assert.equal((await watcher.next('pusher_internal:member_removed')).data, JSON.stringify({ user_id: user }));
    }
  });

  it('in the data of client events reach the others as they were sent', async () => {
    await using one = await target.client();
    await using two = await target.client();
    for (const client of [one, two]) await client.subscribe('private-__proto__');
    for (const name of NAMES) {
      one.sendText(
        `{"event":"client-${name}","channel":"private-__proto__","data":{"${name}":{"${name}":1}},"__proto__":{"x":1}}`,
      );
      const frame = await two.next(`client-${name}`);
      assert.equal(frame.data, `{"${name}":{"${name}":1}}`);
    }
  });

  it('do not stand in for members that are missing', async () => {
    await using client = await target.client();
    await expectError(client, '{"__proto__":{"event":"pusher:ping"}}', /^Missing parameter: event$/);
    await expectError(
      client,
      '{"event":"pusher:subscribe","data":{"__proto__":{"channel":"news"}}}',
      /^Missing parameter: data\.channel$/,
    );
    await expectError(
      client,
      '{"event":"pusher:subscribe","data":{"channel":{"__proto__":"news"}}}',
      /^Missing parameter: data\.channel$/,
    );
  });
});

describe('Very many messages', () => {
  const target = new Target();

  it('to subscribe, beyond what a connection may have, are refused one by one', { timeout: 30_000 }, async () => {
    using api = target.api();
    const client = await target.client();
    let succeeded = 0;
    let refused = 0;
    for (let sent = 0; sent < MANY; sent += 500) {
      for (let i = sent; i < sent + 500; i++)
        client.send({ event: 'pusher:subscribe', data: { channel: `channel-${i}` } });
      await until('their answers', () => {
        for (const { event } of client.frames.splice(0)) {
          if (event === 'pusher_internal:subscription_succeeded') succeeded++;
          else if (event === 'pusher:subscription_error') refused++;
        }
        return succeeded + refused === sent + 500;
      });
    }
    assert.deepEqual([succeeded, refused], [MAX_SUBSCRIPTIONS, MANY - MAX_SUBSCRIPTIONS]);
    const errors = new Set(client.texts.filter((text) => text.includes('"pusher:error"')));
    assert.deepEqual(
      [...errors].map((text) => errorOf(JSON.parse(text) as ReceivedFrame).message),
      [`Subscription refused: this connection already has ${MAX_SUBSCRIPTIONS} subscriptions, the most allowed`],
    );
    client.send({ event: 'pusher:unsubscribe', data: { channel: 'channel-0' } });
    await client.subscribe('one-more');
    assert.equal((await api.trigger(`channel-${MAX_SUBSCRIPTIONS - 1}`, 'e', 1)).status, 200);
    await client.next('e');
    await client.close();
    await until('no channel to be left', async () => (await api.get('/channels')).text === '{"channels":{}}');
  });

  it('to the same channel are one subscription', async () => {
    using api = target.api();
    await using client = await target.client();
    for (let i = 0; i < 1000; i++) client.send({ event: 'pusher:subscribe', data: { channel: 'same' } });
    await until('an answer to each', () => client.frames.length === 1000);
    assert.equal(client.frames.filter(({ event }) => event === 'pusher:error').length, 999);
    client.frames.splice(0);
    await api.trigger('same', 'e', 1);
    await expectAlive(client).catch(() => undefined);
    await until('the event', () => client.texts.some((text) => text.includes('"event":"e"')));
    assert.equal(client.texts.filter((text) => text.includes('"event":"e"')).length, 1);
  });

  it('to subscribe and unsubscribe in turn leave nothing behind', async () => {
    using api = target.api();
    await using client = await target.client();
    for (let i = 0; i < 2000; i++) {
      client.send({ event: 'pusher:subscribe', data: { channel: 'turn' } });
      client.send({ event: 'pusher:unsubscribe', data: { channel: 'turn' } });
    }
    client.send({ event: 'pusher:ping', data: {} });
    // Behind everything else, but before confirmations that wait for the primary.
    await until('the answer to the last', () => client.texts.some((text) => text.includes('pong')));
    await client.close();
    await until('no channel to be left', async () => (await api.get('/channels')).text === '{"channels":{}}');
  });

  it('of client events, beyond the rate, are refused and reach nobody', async () => {
    await using one = await target.client();
    await using two = await target.client();
    for (const client of [one, two]) await client.subscribe('private-a');
    for (let i = 0; i < 500; i++) one.send({ event: 'client-e', channel: 'private-a', data: i });
    one.send({ event: 'pusher:ping', data: {} });
    await until('the answer to the last', () => one.texts.at(-1)?.includes('pong'));
    const refusals = one.frames.filter(({ event }) => event === 'pusher:error');
    assert.ok(refusals.length >= 480);
    assert.deepEqual(new Set(refusals.map((frame) => errorOf(frame).code)), new Set([4301]));
    await until('the accepted ones', () => two.frames.length === 500 - refusals.length);
  });
});
