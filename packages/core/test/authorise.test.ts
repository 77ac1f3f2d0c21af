import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { channelStringToSign, sign } from '@sluice/protocol';
import { APP } from '@sluice/testkit';
import { type Client, Cluster, ok, type RefusalText, refused } from './cluster.ts';
import { testApp } from './test-app.ts';

const app = testApp();
const AUTH_ERROR = { type: 'AuthError', status: 401 };

function connect(): Client {
  return new Cluster(1).worker(0).connect(app);
}

function isRefused(client: Client, channel: string, text: RefusalText): void {
  assert.deepEqual(client.received(), refused(channel, text));
  assert.equal(client.connection.subscriptions.size, 0);
  assert.equal(client.connection.space.channels.size, 0);
  assert.equal(client.transport.closed, null);
}

function wrongSignature(signed: string, given: string): RefusalText {
  return {
    ...AUTH_ERROR,
    message: `Invalid signature: Expected HMAC SHA256 hex digest of ${signed}, but got ${given}`,
  };
}

describe('a signed subscription', () => {
  for (const channel of [
    'private-x',
    'private-cache-x',
    'private-encrypted-x',
    'private-encrypted-cache-x',
    'private-my-cache-x',
    'private-encryptedfoo',
  ]) {
    it(`AU-05, AU-16: to ${channel} is confirmed`, () => {
      const client = connect();
      client.subscribe(channel);
      assert.deepEqual(client.received()[0], ok(channel));
    });
  }

  for (const channel of [
    'private-x',
    'private-cache-x',
    'private-encrypted-x',
    'private-encrypted-cache-x',
    'presence-x',
    'presence-cache-x',
    'private-my-cache-x',
  ]) {
    it(`AU-06, AU-17 to AU-20: to ${channel} with a wrong digest is refused to connection and channel`, () => {
      const client = connect();
      client.subscribe(channel, { auth: `${APP.key}:deadbeef` });
      isRefused(client, channel, wrongSignature(`${client.id}:${channel}`, 'deadbeef'));
    });

    it(`AU-08: to ${channel} without auth is refused`, () => {
      const client = connect();
      client.subscribe(channel, { auth: '' });
      isRefused(client, channel, { ...AUTH_ERROR, message: `Auth info required to subscribe to ${channel}` });
      client.send('pusher:subscribe', { channel });
      isRefused(client, channel, { ...AUTH_ERROR, message: `Auth info required to subscribe to ${channel}` });
    });
  }

  it('AU-06: that is refused never shows the right digest', () => {
    const client = connect();
    const right = sign(APP.secret, `${client.id}:private-x`);
    client.subscribe('private-x', { auth: `${APP.key}:deadbeef` });
    for (const text of client.texts()) assert.equal(text.includes(right), false);
  });

  it('AU-07: may follow a refused one', () => {
    const client = connect();
    client.subscribe('private-x', { auth: `${APP.key}:deadbeef` });
    client.texts();
    client.subscribe('private-x');
    assert.deepEqual(client.received(), [ok('private-x')]);
  });

  for (const auth of ['nocolon', ':', `${APP.key}:`, ':deadbeef']) {
    it(`AU-09: with the auth ${JSON.stringify(auth)} is refused for its form`, () => {
      const client = connect();
      client.subscribe('private-x', { auth });
      const message = "Auth value for subscription to private-x is invalid: should be of format 'key:signature'";
      isRefused(client, 'private-x', { ...AUTH_ERROR, message });
    });
  }

  it('AU-10: with the key of nobody is refused by name, %s and $& included', () => {
    for (const key of ['zzz', '%s', '$&', '__proto__']) {
      const client = connect();
      client.subscribe('private-x', { auth: `${key}:deadbeef` });
      isRefused(client, 'private-x', { ...AUTH_ERROR, message: `Invalid key in subscription auth data: '${key}'` });
    }
  });

  it('AU-11, AU-12: of another connection or another channel is refused', () => {
    const worker = new Cluster(1).worker(0);
    const [client, other] = [worker.connect(app), worker.connect(app)];
    for (const auth of [other.authFor('private-x'), client.authFor('private-y')]) {
      client.subscribe('private-x', { auth });
      isRefused(client, 'private-x', wrongSignature(`${client.id}:private-x`, auth.slice(APP.key.length + 1)));
    }
  });

  it('AU-13: to a private channel signs channel_data too', () => {
    const client = connect();
    client.subscribe('private-x', { channelData: '{"any":"thing"}' });
    assert.deepEqual(client.received(), [ok('private-x')]);
  });

  it('AU-14: that left channel_data out of the signature is refused', () => {
    const client = connect();
    const auth = client.authFor('private-x');
    client.subscribe('private-x', { channelData: '{}', auth });
    isRefused(client, 'private-x', wrongSignature(`${client.id}:private-x:{}`, auth.slice(APP.key.length + 1)));
  });

  it('AU-15: may have an empty channel_data, which signs a colon', () => {
    const client = connect();
    client.subscribe('private-x', { channelData: '' });
    assert.deepEqual(client.received(), [ok('private-x')]);
  });

  it('AU-21, AU-22: is not asked of public channels, nor is a wrong one minded', () => {
    const client = connect();
    for (const channel of ['cache-x', 'my-private-x', 'xpresence-y', 'private', 'presence']) {
      client.subscribe(channel, { auth: 'nonsense' });
      assert.deepEqual(client.received()[0], ok(channel));
    }
  });

  it('AU-23: in upper case is refused', () => {
    const client = connect();
    const signature = sign(APP.secret, `${client.id}:private-x`).toUpperCase();
    client.subscribe('private-x', { auth: `${APP.key}:${signature}` });
    isRefused(client, 'private-x', wrongSignature(`${client.id}:private-x`, signature));
  });

  it('AU-25: may use any active key of the app, and no key of another', () => {
    const rotated = testApp({
      credentials: [
        { key: 'old', secret: 'a' },
        { key: 'new', secret: 'b' },
      ],
    });
    const worker = new Cluster(1).worker(0);
    for (const { key, secret } of rotated.credentials) {
      const client = worker.connect(rotated);
      client.subscribe('private-x', {
        auth: `${key}:${sign(secret, channelStringToSign(client.id, 'private-x', undefined))}`,
      });
      assert.deepEqual(client.received(), [ok('private-x')]);
    }
    const client = worker.connect(rotated);
    client.subscribe('private-y');
    assert.deepEqual(
      client.received(),
      refused('private-y', { ...AUTH_ERROR, message: `Invalid key in subscription auth data: '${APP.key}'` }),
    );
    // The right key with the secret of the other.
    const crossed = sign('b', `${client.id}:private-y`);
    client.subscribe('private-y', { auth: `old:${crossed}` });
    assert.deepEqual(client.received(), refused('private-y', wrongSignature(`${client.id}:private-y`, crossed)));
  });

  for (const signature of ['a', 'é'.repeat(32), 'f'.repeat(65), '\u0000'.repeat(64)]) {
    it(`AU-26: of the wrong length or alphabet is refused without an exception: ${JSON.stringify(signature.slice(0, 4))}…`, () => {
      const client = connect();
      client.subscribe('private-x', { auth: `${APP.key}:${signature}` });
      isRefused(client, 'private-x', wrongSignature(`${client.id}:private-x`, signature));
    });
  }

  it('PR-15: is judged by its signature before channel_data is read', () => {
    const client = connect();
    client.subscribe('presence-x', { channelData: 'not json', auth: `${APP.key}:bad` });
    isRefused(client, 'presence-x', wrongSignature(`${client.id}:presence-x:not json`, 'bad'));
  });
});

describe('channel_data of a presence subscription', () => {
  const INVALID = { type: 'InvalidRequest', status: 400 };

  it('PR-12: is required of a connection that is not signed in', () => {
    const client = connect();
    client.subscribe('presence-x');
    const message = 'Invalid channel_data for presence-x: presence channels need channel_data, or a signed-in user';
    isRefused(client, 'presence-x', { ...INVALID, message });
  });

  for (const [row, channelData, problem] of [
    ['PR-15', 'not json', 'not valid JSON'],
    ['PR-15', '', 'not valid JSON'],
    ['PR-15', '[]', 'expected a JSON object'],
    ['PR-16', '{}', 'user_id has to be a non-empty string or a number'],
    ['PR-16', '{"user_id":""}', 'user_id has to be a non-empty string or a number'],
    ['PR-16', '{"user_id":{}}', 'user_id has to be a non-empty string or a number'],
    ['PR-19', JSON.stringify({ user_id: '1', user_info: 'x'.repeat(1023) }), 'user_info has more than 1024 bytes'],
    ['PR-20', JSON.stringify({ user_id: 'u'.repeat(129) }), 'user_id has more than 128 characters'],
  ] as const) {
    it(`${row}: is refused: ${channelData.slice(0, 30)}`, () => {
      const client = connect();
      client.subscribe('presence-x', { channelData });
      isRefused(client, 'presence-x', { ...INVALID, message: `Invalid channel_data for presence-x: ${problem}` });
    });
  }

  it('PR-19, PR-20: may be just as large as allowed', () => {
    const client = connect();
    client.enter('presence-x', 'u'.repeat(128), 'x'.repeat(1022));
    assert.equal(client.received()[0]?.event, 'pusher_internal:subscription_succeeded');
  });
});
