import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '@sluice/testkit';
import { encodeEnvelope } from '../src/envelope.ts';
import { PLAIN_ENVELOPE } from './envelopes.ts';
import { Cluster, err, ok } from './cluster.ts';
import { testApp } from './test-app.ts';

const app = testApp();

describe('a new connection', () => {
  it('HS-01, HS-05: is greeted once, with its socket id and the activity timeout', () => {
    const client = new Cluster(1).worker(0).connect(app);
    assert.deepEqual(client.transport.texts, [
      `{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"${client.id}\\",\\"activity_timeout\\":120}"}`,
    ]);
    assert.match(client.id, /^\d+\.\d+$/);
  });

  it('HS-06: is greeted without the activity timeout before protocol 7', () => {
    const cluster = new Cluster(1);
    for (const protocol of [4, 5, 6]) {
      const client = cluster.worker(0).connect(app, protocol);
      assert.deepEqual(client.transport.texts, [
        `{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"${client.id}\\"}"}`,
      ]);
    }
  });

  it('is counted as connected until it ends, once', () => {
    const worker = new Cluster(1).worker(0);
    const { counters } = worker.hub.space(app);
    const [a, b] = [worker.connect(app), worker.connect(app)];
    assert.deepEqual([counters.connected, counters.connections, counters.disconnections], [2, 2, 0]);
    a.close();
    a.close();
    assert.deepEqual([counters.connected, counters.connections, counters.disconnections], [1, 2, 1]);
    b.close();
    worker.assertEmpty(app);
  });

  it('is not heard any more once it ended', () => {
    const worker = new Cluster(1).worker(0);
    const client = worker.connect(app);
    client.close();
    client.subscribe('x');
    client.send('pusher:ping');
    client.sendText('not json');
    assert.deepEqual(client.texts(), []);
    worker.assertEmpty(app);
  });
});

describe('frames of a client', () => {
  it('PG-01, PG-11: every ping gets its pong', () => {
    const client = new Cluster(1).worker(0).connect(app);
    for (let i = 0; i < 100; i++) client.sendText('{"event":"pusher:ping","data":{}}');
    assert.deepEqual(
      client.texts(),
      Array.from({ length: 100 }, () => '{"event":"pusher:pong","data":"{}"}'),
    );
  });

  it('PG-09: a pong gets no answer', () => {
    const client = new Cluster(1).worker(0).connect(app);
    client.send('pusher:pong', {});
    assert.deepEqual(client.texts(), []);
  });

  it('HS-28 to HS-31: a malformed frame gets an error and leaves the connection open', () => {
    const client = new Cluster(1).worker(0).connect(app);
    for (const [text, message] of [
      ['not json', 'Invalid message: not valid JSON'],
      ['[]', 'Invalid message: expected a JSON object'],
      ['null', 'Invalid message: expected a JSON object'],
      ['{}', 'Missing parameter: event'],
      ['{"event":"foo"}', 'Unsupported event received on socket: foo'],
      ['{"event":"pusher:subscribe","data":{}}', 'Missing parameter: data.channel'],
      [
        '{"event":"pusher_internal:member_added","channel":"presence-x"}',
        'Unsupported event received on socket: pusher_internal:member_added',
      ],
    ] as const) {
      client.sendText(text);
      assert.deepEqual(client.received(), [err(null, message)]);
    }
    client.send('pusher:ping');
    assert.equal(client.received()[0]?.event, 'pusher:pong');
    assert.equal(client.transport.closed, null);
  });
});

describe('the connection quota', () => {
  it('is not asked about where there is none', () => {
    const worker = new Cluster(1).worker(0);
    assert.equal(worker.hub.admit(app), 'admitted');
    worker.connect(app).close();
    worker.hub.release(app);
    assert.deepEqual(worker.registry.calls, []);
  });

  it('HS-11, HS-12: is one number for all workers, and a place is free again after a close', async () => {
    const limited = testApp({ limits: { maxConnections: 2 } });
    const cluster = new Cluster(2);
    const [a, b] = [cluster.worker(0), cluster.worker(1)];
    assert.equal(await a.hub.admit(limited), 'admitted');
    const first = a.connect(limited);
    assert.equal(await b.hub.admit(limited), 'admitted');
    b.connect(limited);
    assert.equal(await a.hub.admit(limited), 'over_quota');
    assert.equal(await b.hub.admit(limited), 'over_quota');
    first.close();
    assert.equal(await b.hub.admit(limited), 'admitted');
  });

  it('gives a place back exactly once, however often the end is told', async () => {
    const limited = testApp({ limits: { maxConnections: 1 } });
    const cluster = new Cluster(1);
    const worker = cluster.worker(0);
    await worker.hub.admit(limited);
    const client = worker.connect(limited);
    client.subscribe('x');
    client.close();
    client.close();
    assert.deepEqual(worker.registry.calls.filter((call) => call === 'release').length, 1);
    assert.equal(cluster.primary.slots.get(`app:${limited.id}`), 0);
  });

  it('gives back the place of a connection that never came to be', async () => {
    const limited = testApp({ limits: { maxConnections: 1 } });
    const cluster = new Cluster(1);
    const { hub } = cluster.worker(0);
    assert.equal(await hub.admit(limited), 'admitted');
    hub.release(limited);
    assert.equal(await hub.admit(limited), 'admitted');
    assert.equal(cluster.primary.slots.get(`app:${limited.id}`), 1);
  });

  it('takes nothing of the node for a connection over the quota of its app', async () => {
    const limited = testApp({ limits: { maxConnections: 1 } });
    const cluster = new Cluster(1, { maxConnections: 10 });
    const { hub } = cluster.worker(0);
    assert.equal(await hub.admit(limited), 'admitted');
    for (let i = 0; i < 3; i++) assert.equal(await hub.admit(limited), 'over_quota');
    assert.equal(cluster.primary.slots.get('node'), 1);
  });

  it('HS-23: of the node holds for apps without one of their own, and both are given back', async () => {
    const cluster = new Cluster(1, { maxConnections: 1 });
    const worker = cluster.worker(0);
    assert.equal(await worker.hub.admit(app), 'admitted');
    const client = worker.connect(app);
    assert.equal(await worker.hub.admit(testApp({ id: '1002' })), 'over_capacity');
    client.close();
    assert.equal(await worker.hub.admit(testApp({ id: '1002' })), 'admitted');
  });
});

describe('the end of a connection', () => {
  it('SB-15: takes it out of its channels and leaves nothing behind', () => {
    const cluster = new Cluster(1);
    const worker = cluster.worker(0);
    const client = worker.connect(app);
    for (const channel of ['a', 'cache-b', 'private-c', 'private-encrypted-d']) client.subscribe(channel);
    client.enter('presence-e', '1');
    assert.equal(worker.hub.space(app).channels.size, 5);
    assert.equal(cluster.primary.occupied(app.id, '').length, 5);
    client.close();
    cluster.assertEmpty(app);
    assert.deepEqual(cluster.primary.occupied(app.id, ''), []);
  });

  it('leaves the subscriptions of others on the same channels', () => {
    const worker = new Cluster(1).worker(0);
    const [a, b] = [worker.connect(app), worker.connect(app)];
    a.subscribe('x');
    b.subscribe('x');
    a.close();
    assert.deepEqual(worker.backbone.left, []);
    assert.equal(worker.hub.space(app).channels.get('x')?.audience.size, 1);
    b.close();
    assert.deepEqual(worker.backbone.left, ['1001:x']);
    worker.assertEmpty(app);
  });

  it('costs only its own channels: others are neither walked nor told of', () => {
    const worker = new Cluster(1).worker(0);
    const other = worker.connect(app);
    for (let i = 0; i < 500; i++) other.subscribe(`other-${i}`);
    const client = worker.connect(app);
    for (const channel of ['a', 'b', 'other-7']) client.subscribe(channel);
    const { channels, connections } = worker.hub.space(app);
    const forbidden = (): never => assert.fail('walked over everything');
    for (const map of [channels, connections]) {
      Object.assign(map, {
        forEach: forbidden,
        keys: forbidden,
        values: forbidden,
        entries: forbidden,
        [Symbol.iterator]: forbidden,
      });
    }
    for (const [i, channel] of Array.from({ length: 500 }, (_, n) => [n, channels.get(`other-${n}`)] as const)) {
      if (i !== 7 && channel !== undefined) Object.assign(channel.audience, { delete: forbidden, has: forbidden });
    }
    worker.registry.calls.length = 0;
    client.close();
    assert.deepEqual(worker.registry.calls, ['count', 'count', 'count']);
    assert.deepEqual(worker.backbone.left, ['1001:a', '1001:b']);
    assert.equal(channels.size, 500);
  });
});

describe('messages of other workers', () => {
  it('that are garbage are reported, and nothing is thrown', () => {
    const worker = new Cluster(1).worker(0);
    const random = new Random(4);
    let reported = 0;
    for (const bytes of [
      new Uint8Array(0),
      Buffer.from('garbage'),
      Buffer.from('{"event":"x"}'),
      new Uint8Array(100),
    ]) {
      worker.hub.deliver(bytes);
      assert.equal(worker.errors.length, ++reported);
    }
    for (let i = 0; i < 2000; i++) worker.hub.deliver(random.bytes(random.below(40)));
    for (const { error, stage } of worker.errors) {
      assert.ok(error instanceof Error);
      assert.equal(stage, 'deliver');
    }
  });

  it('for nobody here are dropped without making a frame or a space', () => {
    const worker = new Cluster(1).worker(0);
    worker.connect(app).subscribe('x');
    const { made } = worker.framer;
    const payload = Buffer.from('{}');
    worker.hub.deliver(encodeEnvelope({ ...PLAIN_ENVELOPE, appId: '1001', channel: 'y', except: '', payload }));
    worker.hub.deliver(encodeEnvelope({ ...PLAIN_ENVELOPE, appId: '9999', channel: 'x', except: '', payload }));
    assert.equal(worker.framer.made, made);
    assert.deepEqual(worker.errors, []);
    assert.equal(worker.metrics.apps.has('9999'), false);
  });

  it('for somebody here are passed on byte for byte, in one frame for all', () => {
    const worker = new Cluster(1).worker(0);
    const [a, b] = [worker.connect(app), worker.connect(app)];
    for (const client of [a, b]) client.subscribe('x');
    assert.deepEqual(a.received(), [ok('x')]);
    b.received();
    worker.hub.deliver(
      encodeEnvelope({
        ...PLAIN_ENVELOPE,
        appId: '1001',
        channel: 'x',
        except: '',
        payload: Buffer.from('any text ü😀'),
      }),
    );
    assert.deepEqual([a.texts(), b.texts()], [['any text ü😀'], ['any text ü😀']]);
    assert.equal(a.transport.frames.at(-1), b.transport.frames.at(-1));
  });

  it('HS-38: reach only the app they are for', () => {
    const worker = new Cluster(1).worker(0);
    const other = testApp({ id: '1002' });
    const [a, b] = [worker.connect(app), worker.connect(other)];
    for (const client of [a, b]) client.subscribe('x');
    a.texts();
    b.texts();
    worker.hub.deliver(
      encodeEnvelope({ ...PLAIN_ENVELOPE, appId: '1002', channel: 'x', except: '', payload: Buffer.from('m') }),
    );
    assert.deepEqual([a.texts(), b.texts()], [[], ['m']]);
    assert.deepEqual([...worker.backbone.topics], ['1001:x', '1002:x']);
  });
});
