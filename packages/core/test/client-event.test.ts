import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Client, Cluster, err, type Worker, publish } from './cluster.ts';
import { type AppChanges, testApp } from './test-app.ts';

interface Pair {
  readonly cluster: Cluster;
  readonly worker: Worker;
  readonly sender: Client;
  readonly receiver: Client;
}

/** Two clients of one channel, the receiver on another worker, all their first frames taken. */
function pairOn(channel: string, changes: AppChanges = {}): Pair {
  const cluster = new Cluster(2);
  const app = testApp(changes);
  const [sender, receiver] = [cluster.worker(0).connect(app), cluster.worker(1).connect(app)];
  for (const [client, userId] of [
    [sender, '1'],
    [receiver, '2'],
  ] as const) {
    if (channel.startsWith('presence-')) client.enter(channel, userId);
    else client.subscribe(channel);
  }
  sender.texts();
  receiver.texts();
  return { cluster, worker: cluster.worker(0), sender, receiver };
}

function isRefused({ sender, receiver }: Pair, message: string, code: number | null = null): void {
  assert.deepEqual(sender.received(), [err(code, message)]);
  assert.deepEqual(receiver.texts(), []);
  assert.equal(sender.transport.closed, null);
}

describe('a client event', () => {
  for (const channel of ['private-x', 'private-cache-x', 'private-encrypted-x', 'private-encrypted-cache-x']) {
    it(`CE-01, CE-04, CE-15: on ${channel} reaches the others, as text and without a user_id`, () => {
      const { sender, receiver } = pairOn(channel);
      sender.send('client-x', { a: 1 }, channel);
      assert.deepEqual(receiver.texts(), [`{"event":"client-x","channel":"${channel}","data":"{\\"a\\":1}"}`]);
      assert.deepEqual(sender.texts(), []);
    });
  }

  it('CE-02: with a string passes it as it is', () => {
    const { sender, receiver } = pairOn('private-x');
    sender.send('client-x', 'hi', 'private-x');
    assert.deepEqual(receiver.texts(), ['{"event":"client-x","channel":"private-x","data":"hi"}']);
  });

  it('without data passes an empty object', () => {
    const { sender, receiver } = pairOn('private-x');
    sender.send('client-x', undefined, 'private-x');
    assert.deepEqual(receiver.texts(), ['{"event":"client-x","channel":"private-x","data":"{}"}']);
  });

  for (const channel of ['presence-x', 'presence-cache-x']) {
    it(`CE-03: on ${channel} names its sender`, () => {
      const { sender, receiver } = pairOn(channel);
      sender.texts();
      sender.send('client-x', { a: 1 }, channel);
      assert.deepEqual(receiver.texts(), [
        `{"event":"client-x","channel":"${channel}","data":"{\\"a\\":1}","user_id":"1"}`,
      ]);
      assert.deepEqual(sender.texts(), []);
    });
  }

  it('CE-05: cannot forge its sender', () => {
    for (const [channel, userId] of [
      ['private-x', ''],
      ['presence-x', ',"user_id":"1"'],
    ] as const) {
      const { sender, receiver } = pairOn(channel);
      sender.sendText(
        `{"event":"client-x","channel":"${channel}","data":"hi","user_id":"admin","socket_id":"${receiver.id}"}`,
      );
      assert.deepEqual(receiver.texts(), [`{"event":"client-x","channel":"${channel}","data":"hi"${userId}}`]);
    }
  });

  it('CE-05: of a signed-in user has no user_id outside presence channels', () => {
    const { sender, receiver } = pairOn('private-x');
    sender.signIn('{"id":"u"}');
    sender.send('client-x', 'hi', 'private-x');
    assert.deepEqual(receiver.texts(), ['{"event":"client-x","channel":"private-x","data":"hi"}']);
  });

  for (const channel of ['x', 'cache-x', 'my-private-x']) {
    it(`CE-06: on the public channel ${channel} is refused`, () => {
      const pair = pairOn(channel);
      pair.sender.send('client-x', {}, channel);
      isRefused(pair, 'Client event rejected - only supported on private and presence channels');
    });
  }

  it('CE-06: on the channel of a user is refused', () => {
    const pair = pairOn('private-x');
    pair.sender.signIn('{"id":"u"}');
    pair.sender.subscribe('#server-to-user-u');
    pair.sender.texts();
    pair.sender.send('client-x', {}, '#server-to-user-u');
    isRefused(pair, 'Client event rejected - only supported on private and presence channels');
  });

  it('CE-07: of one who is not subscribed, not any more or not yet is refused', () => {
    const pair = pairOn('private-x');
    const message = "Client event rejected - you didn't subscribe to this channel";
    pair.sender.send('client-x', {}, 'private-y');
    isRefused(pair, message);
    pair.sender.unsubscribe('private-x');
    pair.sender.send('client-x', {}, 'private-x');
    isRefused(pair, message);
    pair.worker.backbone.control.hold();
    pair.sender.subscribe('private-x');
    pair.sender.send('client-x', {}, 'private-x');
    isRefused(pair, message);
  });

  it('CE-08, CE-09: without the prefix is refused', () => {
    const pair = pairOn('private-x');
    for (const event of ['foo', 'xclient-y', 'Client-x']) {
      pair.sender.send(event, {}, 'private-x');
      isRefused(pair, "Client event rejected - client events must be prefixed by 'client-'");
    }
  });

  it('CE-10: is refused where the app has them off, on whatever channel', () => {
    const pair = pairOn('private-x', { clientMessages: false });
    for (const channel of ['private-x', 'private-y', 'x', '#foo']) {
      pair.sender.send('client-x', {}, channel);
      isRefused(pair, 'To send client events, you must enable this feature in the Settings page of your dashboard.');
    }
  });

  it('on a name that is no channel is refused', () => {
    const pair = pairOn('private-x');
    pair.sender.send('client-x', {}, 'private-x y');
    isRefused(pair, "Invalid channel name 'private-x y': use up to 164 of the characters A-Z a-z 0-9 _ - = @ , . ;");
  });

  for (const unit of ['x', 'é', '😀']) {
    it(`CE-13: may have 10 240 bytes of data and not one more, counted in UTF-8 (${unit})`, () => {
      const pair = pairOn('private-x');
      const data = unit.repeat(10_240 / Buffer.byteLength(unit));
      pair.sender.send('client-x', data, 'private-x');
      assert.equal(pair.receiver.received()[0]?.data, data);
      pair.sender.send('client-x', `${data}.`, 'private-x');
      isRefused(pair, 'Client event rejected - data is 10241 bytes, more than the allowed maximum (10240 bytes)');
    });
  }

  it('CE-13: has an object counted as the text that is sent', () => {
    const pair = pairOn('private-x', { limits: { maxEventBytes: 7 } });
    pair.sender.sendText('{"event":"client-x","channel":"private-x","data":{  "a" :  1 }}');
    assert.equal(pair.receiver.received()[0]?.data, '{"a":1}');
    pair.sender.send('client-x', { a: 12 }, 'private-x');
    isRefused(pair, 'Client event rejected - data is 8 bytes, more than the allowed maximum (7 bytes)');
  });

  it('CE-16: may have a name of 200 characters and not of 201', () => {
    const pair = pairOn('private-x');
    const name = `client-${'x'.repeat(193)}`;
    pair.sender.send(name, {}, 'private-x');
    assert.equal(pair.receiver.received()[0]?.event, name);
    pair.sender.send(`${name}x`, {}, 'private-x');
    isRefused(pair, 'Client event rejected - the event name has more than 200 characters');
  });

  it('CE-17: reaches others on both workers once, and its sender never', () => {
    const { cluster, sender, receiver } = pairOn('private-x');
    const near = cluster.worker(0).connect(testApp());
    near.subscribe('private-x');
    near.texts();
    sender.send('client-x', 'hi', 'private-x');
    assert.deepEqual([near.texts().length, receiver.texts().length, sender.texts().length], [1, 1, 0]);
  });

  it('CE-18: published by the server reaches all, without a user_id', () => {
    const { worker, sender, receiver } = pairOn('presence-x');
    sender.texts();
    publish(worker.hub, testApp(), [{ name: 'client-x', channels: ['presence-x'], data: 'hi', socketId: undefined }]);
    const text = '{"event":"client-x","channel":"presence-x","data":"hi"}';
    assert.deepEqual([sender.texts(), receiver.texts()], [[text], [text]]);
  });

  for (const event of ['pusher:evil', 'pusher_internal:member_added', 'pusher_internal:subscription_succeeded']) {
    it(`CE-19: is not made of ${event}`, () => {
      const pair = pairOn('private-x');
      pair.sender.send(event, {}, 'private-x');
      isRefused(pair, `Unsupported event received on socket: ${event}`);
    });
  }

  it('CE-20: passes any text unchanged through both workers', () => {
    const { sender, receiver } = pairOn('private-x');
    const data = '\u2028\u2029 😀 é \u0000 " \\ \ud800 </script> 日本';
    const event = 'client-"\u2028😀\\';
    for (const value of [data, { [data]: [data] }]) {
      sender.send(event, value, 'private-x');
      const expected = typeof value === 'string' ? value : JSON.stringify(value);
      assert.deepEqual(receiver.received(), [{ event, channel: 'private-x', data: expected }]);
    }
  });
});

describe('the rate of client events', () => {
  function burst(client: Client, times: number): void {
    for (let i = 0; i < times; i++) client.send('client-x', String(i), 'private-x');
  }

  it('CE-11: the eleventh in a second is refused, and the next second is free again', () => {
    const { cluster, sender, receiver } = pairOn('private-x');
    burst(sender, 11);
    assert.equal(receiver.texts().length, 10);
    assert.deepEqual(sender.received(), [err(4301, 'Client event rejected - more than 10 messages in a second')]);
    cluster.clock.advance(999);
    burst(sender, 1);
    assert.deepEqual([receiver.texts().length, sender.texts().length], [0, 1]);
    cluster.clock.advance(1);
    burst(sender, 10);
    assert.deepEqual([receiver.texts().length, sender.texts().length], [10, 0]);
    assert.equal(sender.transport.closed, null);
  });

  it('CE-12: is counted for each connection alone, even of one user', () => {
    const { worker, sender, receiver } = pairOn('private-x');
    const second = worker.connect(testApp());
    second.subscribe('private-x');
    second.texts();
    burst(sender, 10);
    burst(second, 10);
    assert.equal(receiver.texts().length, 20);
  });

  it('is unlimited where the limit is 0', () => {
    const { sender, receiver } = pairOn('private-x', { limits: { maxClientEventsPerSecond: 0 } });
    burst(sender, 100);
    assert.equal(receiver.texts().length, 100);
  });

  it('PG-11: does not count pings or other messages', () => {
    const { sender, receiver } = pairOn('private-x');
    for (let i = 0; i < 50; i++) sender.send('pusher:ping');
    burst(sender, 10);
    assert.equal(receiver.texts().length, 10);
  });

  it('WH-10: is told for webhooks that want it, with the user on presence channels only', () => {
    const webhookEvents = ['client_event'] as const;
    const common = { type: 'client_event', appId: '1001', event: 'client-x', data: '{"a":1}' };
    for (const [channel, userId] of [
      ['private-x', null],
      ['presence-x', '1'],
    ] as const) {
      const { cluster, sender } = pairOn(channel, { webhookEvents });
      sender.send('client-x', { a: 1 }, channel);
      sender.send('client-x', { a: 1 }, 'private-elsewhere');
      assert.deepEqual(cluster.primary.emitted, [{ ...common, channel, socketId: sender.id, userId }]);
    }
  });

  it('is not told for webhooks that do not', () => {
    const { cluster, sender } = pairOn('private-x', { webhookEvents: ['channel_occupied'] });
    sender.send('client-x', { a: 1 }, 'private-x');
    assert.deepEqual(cluster.primary.emitted, []);
  });
});
