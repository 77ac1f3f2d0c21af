import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sign } from '@sluice/protocol';
import { APP } from '@sluice/testkit';
import { type Client, Cluster, err, ok, refused, publish } from './cluster.ts';
import { testApp } from './test-app.ts';

const app = testApp();

function connect(): Client {
  return new Cluster(1).worker(0).connect(app);
}

function success(userData: string): object {
  return { event: 'pusher:signin_success', data: JSON.stringify({ user_data: userData }) };
}

describe('a sign-in', () => {
  it('SI-01: is confirmed with the very string that was signed', () => {
    const client = connect();
    const userData = '{ "id":"12345", "user_info":{"name":"Zoë 😀"},"watchlist":["7"]}';
    client.signIn(userData);
    assert.deepEqual(client.received(), [success(userData)]);
    assert.deepEqual(client.connection.user, { id: '12345', info: '{"name":"Zoë 😀"}' });
  });

  it('SI-02: with a wrong signature is refused and leaves the connection open and nobody', () => {
    const client = connect();
    client.signIn('{"id":"a"}', `${APP.key}:bad`);
    assert.deepEqual(client.received(), [
      err(null, `Invalid signature: Expected HMAC SHA256 hex digest of ${client.id}::user::{"id":"a"}, but got bad`),
    ]);
    assert.equal(client.connection.user, null);
    assert.equal(client.transport.closed, null);
  });

  for (const [userData, problem] of [
    ['not json', 'not valid JSON'],
    ['[]', 'expected a JSON object'],
    ['{}', 'id has to be a non-empty string'],
    ['{"id":""}', 'id has to be a non-empty string'],
    ['{"id":5}', 'id has to be a non-empty string'],
    [JSON.stringify({ id: 'u'.repeat(129) }), 'id has more than 128 characters'],
  ] as const) {
    it(`SI-03: with user_data ${userData.slice(0, 20)} is refused`, () => {
      const client = connect();
      client.signIn(userData);
      assert.deepEqual(client.received(), [err(null, `Invalid user_data: ${problem}`)]);
      assert.equal(client.connection.user, null);
    });
  }

  it('SI-04: of the same user again is confirmed again', () => {
    const client = connect();
    client.signIn('{"id":"a"}');
    client.signIn('{"id":"a","user_info":1}');
    assert.deepEqual(client.received(), [success('{"id":"a"}'), success('{"id":"a","user_info":1}')]);
  });

  it('SI-05: of another user on the same connection is refused, and the first stays', () => {
    const client = connect();
    client.signIn('{"id":"a"}');
    client.texts();
    client.signIn('{"id":"b"}');
    assert.deepEqual(client.received(), [
      err(null, 'Sign-in refused: this connection is already signed in as another user'),
    ]);
    assert.equal(client.connection.user?.id, 'a');
  });

  it('SI-06: without auth or user_data is refused', () => {
    const client = connect();
    client.send('pusher:signin', { user_data: '{"id":"a"}' });
    client.send('pusher:signin', { auth: `${APP.key}:x` });
    client.send('pusher:signin', { auth: '', user_data: '{"id":"a"}' });
    assert.deepEqual(client.received(), [
      err(null, 'Missing parameter: data.auth'),
      err(null, 'Missing parameter: data.user_data'),
      err(null, 'Missing parameter: data.auth'),
    ]);
  });

  it('SI-07, SI-18: with the key of another app or the signature of another connection is refused', () => {
    const client = connect();
    client.signIn('{"id":"a"}', `zzz:${sign(APP.secret, `${client.id}::user::{"id":"a"}`)}`);
    assert.deepEqual(client.received(), [err(null, "Invalid key in subscription auth data: 'zzz'")]);
    client.signIn('{"id":"a"}', `${APP.key}:${sign(APP.secret, '1.1::user::{"id":"a"}')}`);
    assert.match(client.texts()[0] ?? '', /Invalid signature/);
    assert.equal(client.connection.user, null);
  });

  it('is not taken for the signature of a channel, nor the other way round', () => {
    const client = connect();
    client.signIn('{"id":"a"}', client.authFor('user', '{"id":"a"}'));
    assert.match(client.texts()[0] ?? '', /Invalid signature/);
  });
});

describe('the channel of a user', () => {
  const CHANNEL = '#server-to-user-A';
  const FORBIDDEN = {
    type: 'AuthError',
    status: 401,
    message: `Subscription refused: ${CHANNEL} belongs to another user`,
  };

  it('SI-08: is open to that user, without auth', () => {
    const client = connect();
    client.signIn('{"id":"A"}');
    client.texts();
    client.subscribe(CHANNEL);
    assert.deepEqual(client.received(), [ok(CHANNEL)]);
  });

  it('SI-09: is closed to one who is not signed in, even with a signature', () => {
    const client = connect();
    client.subscribe(CHANNEL);
    client.subscribe(CHANNEL, { auth: client.authFor(CHANNEL) });
    assert.deepEqual(client.received(), [...refused(CHANNEL, FORBIDDEN), ...refused(CHANNEL, FORBIDDEN)]);
  });

  it('SI-10: is closed to another user', () => {
    const client = connect();
    client.signIn('{"id":"B"}');
    client.texts();
    for (const channel of [CHANNEL, '#server-to-user-b', '#server-to-user-BB']) {
      client.subscribe(channel);
      const message = `Subscription refused: ${channel} belongs to another user`;
      assert.deepEqual(client.received(), refused(channel, { ...FORBIDDEN, message }));
    }
  });

  for (const id of ['A', 'a=b@c.d,e;f-g_h']) {
    it(`SI-11, SI-15: brings messages to all connections of ${id} on two workers and to nobody else`, () => {
      const cluster = new Cluster(2);
      const channel = `#server-to-user-${id}`;
      const mine = [cluster.worker(0).connect(app), cluster.worker(1).connect(app)];
      const other = cluster.worker(1).connect(app);
      for (const client of mine) client.signIn(JSON.stringify({ id }));
      other.signIn('{"id":"other"}');
      for (const client of [...mine, other]) {
        client.subscribe(channel);
        client.texts();
      }
      assert.equal(
        publish(cluster.worker(0).hub, app, [{ name: 'e', channels: [channel], data: '1', socketId: undefined }]),
        undefined,
      );
      for (const client of mine) assert.deepEqual(client.received(), [{ event: 'e', channel, data: '1' }]);
      assert.deepEqual(other.texts(), []);
    });
  }
});

describe('a signed-in user on a presence channel', () => {
  it('PR-13: needs no channel_data and is there as in user_data', () => {
    const client = connect();
    client.signIn('{"id":"u","user_info":{"name":"A"}}');
    client.texts();
    client.subscribe('presence-x');
    assert.equal(client.received()[0]?.data, '{"presence":{"count":1,"ids":["u"],"hash":{"u":{"name":"A"}}}}');
  });

  it('PR-14: is there as in channel_data, if there is one', () => {
    const client = connect();
    client.signIn('{"id":"u","user_info":{"name":"A"}}');
    client.texts();
    client.enter('presence-x', 'v');
    assert.equal(client.received()[0]?.data, '{"presence":{"count":1,"ids":["v"],"hash":{"v":null}}}');
  });

  it('PR-14: is refused if channel_data is there but invalid', () => {
    const client = connect();
    client.signIn('{"id":"u"}');
    client.texts();
    client.subscribe('presence-x', { channelData: '' });
    const message = 'Invalid channel_data for presence-x: not valid JSON';
    assert.deepEqual(client.received(), refused('presence-x', { type: 'InvalidRequest', status: 400, message }));
  });

  it('PR-19: may not bring more user_info than channel_data may', () => {
    const client = connect();
    const largest = JSON.stringify({ id: 'u', user_info: 'x'.repeat(1022) });
    client.signIn(largest);
    client.subscribe('presence-x');
    assert.equal(client.received()[1]?.event, 'pusher_internal:subscription_succeeded');
    client.signIn(JSON.stringify({ id: 'u', user_info: 'x'.repeat(1023) }));
    client.texts();
    client.subscribe('presence-y');
    const message = 'Invalid channel_data for presence-y: user_info has more than 1024 bytes';
    assert.deepEqual(client.received(), refused('presence-y', { type: 'InvalidRequest', status: 400, message }));
  });
});

describe('terminating a user', () => {
  it('TE-01, TE-03, TE-05: closes all connections of the user with 4009, on every worker, and no others', () => {
    const cluster = new Cluster(2);
    const all = [0, 1, 1].map((index) => cluster.worker(index).connect(app));
    const [a, b, other] = all as [Client, Client, Client];
    const anonymous = cluster.worker(0).connect(app);
    a.signIn('{"id":"a"}');
    b.signIn('{"id":"a"}');
    other.signIn('{"id":"b"}');
    cluster.worker(1).registry.terminateUser({ appId: app.id, userId: 'a' });
    assert.deepEqual(
      [a, b, other, anonymous].map((client) => client.transport.closed?.code),
      [4009, 4009, undefined, undefined],
    );
  });

  it('TE-04: leaves alone who is only a member of a presence channel under that id', () => {
    const cluster = new Cluster(1);
    const client = cluster.worker(0).connect(app);
    client.enter('presence-x', 'a');
    cluster.worker(0).registry.terminateUser({ appId: app.id, userId: 'a' });
    assert.equal(client.transport.closed, null);
  });

  it('TE-06: does nothing for a user who is not there, nor for one who has left', () => {
    const cluster = new Cluster(1);
    const client = cluster.worker(0).connect(app);
    client.signIn('{"id":"a"}');
    client.close();
    cluster.worker(0).registry.terminateUser({ appId: app.id, userId: 'a' });
    cluster.worker(0).registry.terminateUser({ appId: 'unknown', userId: '__proto__' });
    assert.equal(client.transport.closed, null);
    assert.equal(cluster.worker(0).hub.space(app).users.size, 0);
  });
});
