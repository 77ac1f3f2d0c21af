import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PUBLISH_ERRORS, publishError } from '../src/errors.ts';
import type { PublishedEvent } from '../src/publish.ts';
import { type Client, Cluster, publish } from './cluster.ts';
import { type AppChanges, testApp } from './test-app.ts';

const app = testApp();

function event(changes: Partial<PublishedEvent> = {}): PublishedEvent {
  return { name: 'e', channels: ['x'], data: '{}', socketId: undefined, ...changes };
}

interface Scene {
  readonly cluster: Cluster;
  readonly near: Client;
  readonly far: Client;
}

/** Subscribers of `x` and `y` on the publishing worker and on another. */
function scene(changes: AppChanges = {}): Scene {
  const cluster = new Cluster(2);
  const [near, far] = [0, 1].map((i) => {
    const client = cluster.worker(i).connect(testApp(changes));
    for (const channel of ['x', 'y']) client.subscribe(channel);
    client.texts();
    return client;
  });
  assert.ok(near !== undefined && far !== undefined);
  return { cluster, near, far };
}

describe('a published event', () => {
  it('reaches the subscribers of both workers, byte for byte', () => {
    const { cluster, near, far } = scene();
    const data = '{ "a":  "\u2028 😀 \\" \\u00e9 é" }';
    assert.equal(publish(cluster.worker(0).hub, app, [event({ name: 'n"😀', data })]), undefined);
    const text = `{"event":"n\\"😀","channel":"x","data":${JSON.stringify(data)}}`;
    assert.deepEqual([near.texts(), far.texts()], [[text], [text]]);
  });

  it('reaches subscribers of another worker although none is here', () => {
    const { cluster, near, far } = scene();
    near.close();
    publish(cluster.worker(0).hub, app, [event()]);
    assert.equal(far.texts().length, 1);
  });

  it('goes once to a channel that is named twice', () => {
    const { cluster, near, far } = scene();
    publish(cluster.worker(0).hub, app, [event({ channels: ['x', 'y', 'x', 'x'] })]);
    for (const client of [near, far])
      assert.deepEqual(
        client.received().map(({ channel }) => channel),
        ['x', 'y'],
      );
    assert.equal(cluster.worker(0).backbone.published.length, 2);
  });

  it('comes in the order of the batch, and of its channels', () => {
    const { cluster, near, far } = scene();
    const events = ['1', '2', '3'].map((data) => event({ data, channels: ['y', 'x'] }));
    publish(cluster.worker(0).hub, app, events);
    for (const client of [near, far]) {
      assert.deepEqual(
        client.received().map(({ channel, data }) => `${channel}${String(data)}`),
        ['y1', 'x1', 'y2', 'x2', 'y3', 'x3'],
      );
    }
  });

  it('skips the connection that it names, wherever that is', () => {
    for (const skipped of ['near', 'far'] as const) {
      const { cluster, ...clients } = scene();
      publish(cluster.worker(0).hub, app, [event({ socketId: clients[skipped].id })]);
      assert.equal(clients.near.texts().length, skipped === 'near' ? 0 : 1);
      assert.equal(clients.far.texts().length, skipped === 'far' ? 0 : 1);
    }
  });

  it('skips nobody for an id that nobody has', () => {
    const { cluster, near, far } = scene();
    publish(cluster.worker(0).hub, app, [event({ socketId: '1.1' })]);
    assert.deepEqual([near.texts().length, far.texts().length], [1, 1]);
  });

  it('is made into one frame for all who get it here', () => {
    const { cluster, near } = scene();
    const worker = cluster.worker(0);
    const second = worker.connect(app);
    second.subscribe('x');
    const { made } = worker.framer;
    publish(worker.hub, app, [event()]);
    assert.equal(worker.framer.made, made + 1);
    assert.equal(near.transport.frames.at(-1), second.transport.frames.at(-1));
  });

  it('is neither framed nor sent on where nobody could want it', () => {
    const worker = new Cluster(1).worker(0);
    worker.backbone.hasPeers = false;
    publish(worker.hub, app, [event()]);
    assert.deepEqual([worker.framer.made, worker.backbone.published.length], [0, 0]);
  });

  it('stays here while there is no other worker', () => {
    const { cluster, near } = scene();
    cluster.worker(0).backbone.hasPeers = false;
    publish(cluster.worker(0).hub, app, [event()]);
    assert.equal(near.texts().length, 1);
    assert.equal(cluster.worker(0).backbone.published.length, 0);
  });

  it('HS-38: does not reach a channel of the same name in another app', () => {
    const { cluster, near, far } = scene();
    publish(cluster.worker(0).hub, testApp({ id: '1002' }), [event()]);
    assert.deepEqual([near.texts(), far.texts()], [[], []]);
  });

  it('is measured from acceptance to the flush, by kind of channel', () => {
    const { cluster } = scene();
    const worker = cluster.worker(0);
    publish(worker.hub, app, [event()]);
    cluster.clock.advance(250);
    assert.deepEqual(worker.metrics.broadcasts, []);
    worker.framer.flush();
    assert.deepEqual(worker.metrics.broadcasts, [{ kind: 'public', recipients: 1, seconds: 0.25 }]);
  });
});

describe('a publish that breaks a limit', () => {
  const NAME_HINT = 'use up to 164 of the characters A-Z a-z 0-9 _ - = @ , . ;';
  const invalid = (message: string): object => ({ reason: 'invalid', message });

  const REFUSALS: readonly (readonly [what: string, changes: Partial<PublishedEvent>, refusal: object])[] = [
    ['no channel', { channels: [] }, invalid('Missing required parameter: channel')],
    [
      '101 channels',
      { channels: Array.from({ length: 101 }, (_, i) => `c${i}`) },
      invalid('Too many channels (101 > 100)'),
    ],
    ['a name of 201 characters', { name: 'n'.repeat(201) }, invalid('The event name has more than 200 characters')],
    [
      'a name of the protocol',
      { name: 'pusher:x' },
      invalid("Invalid event name 'pusher:x': the prefixes pusher: and pusher_internal: are reserved"),
    ],
    [
      'an internal name',
      { name: 'pusher_internal:x' },
      invalid("Invalid event name 'pusher_internal:x': the prefixes pusher: and pusher_internal: are reserved"),
    ],
    [
      'a channel name of 165 characters',
      { channels: ['c'.repeat(165)] },
      invalid(`Invalid channel name '${'c'.repeat(165)}': ${NAME_HINT}`),
    ],
    ['a channel name with a colon', { channels: ['x', 'a:b'] }, invalid(`Invalid channel name 'a:b': ${NAME_HINT}`)],
    ['an empty channel name', { channels: [''] }, invalid(`Invalid channel name '': ${NAME_HINT}`)],
    ['a reserved channel name', { channels: ['#foo'] }, invalid(`Invalid channel name '#foo': ${NAME_HINT}`)],
    [
      '10 241 bytes of data',
      { data: 'd'.repeat(10_241) },
      { reason: 'too_large', message: 'The data content of this event exceeds the allowed maximum (10240 bytes).' },
    ],
    [
      '10 242 bytes in 5121 characters',
      { data: 'é'.repeat(5121) },
      { reason: 'too_large', message: 'The data content of this event exceeds the allowed maximum (10240 bytes).' },
    ],
    [
      'a malformed socket id',
      { socketId: '1.1:' },
      invalid("Invalid socket_id '1.1:': expected two numbers joined by a dot"),
    ],
    ['an empty socket id', { socketId: '' }, invalid("Invalid socket_id '': expected two numbers joined by a dot")],
  ];
  for (const [what, changes, refusal] of REFUSALS) {
    it(`is refused with all of its batch: ${what}`, () => {
      const { cluster, near, far } = scene();
      assert.deepEqual(publish(cluster.worker(0).hub, app, [event(), event(changes), event()]), refusal);
      assert.deepEqual([near.texts(), far.texts()], [[], []]);
      assert.deepEqual(cluster.worker(0).backbone.published, []);
    });
  }

  const ACCEPTED: readonly (readonly [what: string, changes: Partial<PublishedEvent>])[] = [
    ['100 channels', { channels: Array.from({ length: 100 }, (_, i) => `c${i}`) }],
    ['a name of 200 characters', { name: 'n'.repeat(200) }],
    ['a name that only resembles a reserved one', { name: 'pusherx:y' }],
    ['a name of the clients', { name: 'client-x' }],
    ['a channel name of 164 characters', { channels: ['c'.repeat(164)] }],
    ['a channel of a user', { channels: ['#server-to-user-1'] }],
    ['10 240 bytes of data', { data: 'd'.repeat(10_240) }],
    ['10 240 bytes in 2560 characters', { data: '😀'.repeat(2560) }],
    ['no data', { data: '' }],
  ];
  for (const [what, changes] of ACCEPTED) {
    it(`is none at the bound: ${what}`, () => {
      const { cluster } = scene();
      assert.equal(publish(cluster.worker(0).hub, app, [event(changes)]), undefined);
    });
  }

  it('is measured by the limits of its app', () => {
    const strict = testApp({
      limits: { maxChannelsPerEvent: 1, maxEventNameLength: 2, maxEventBytes: 3, maxChannelNameLength: 4 },
    });
    const { hub } = new Cluster(1).worker(0);
    assert.equal(publish(hub, strict, [event({ name: 'ab', channels: ['abcd'], data: 'abc' })]), undefined);
    assert.equal(publish(hub, strict, [event({ channels: ['a', 'b'] })])?.message, 'Too many channels (2 > 1)');
    assert.equal(publish(hub, strict, [event({ name: 'abc' })])?.message, 'The event name has more than 2 characters');
    assert.equal(publish(hub, strict, [event({ data: 'abcd' })])?.reason, 'too_large');
    assert.match(publish(hub, strict, [event({ channels: ['abcde'] })])?.message ?? '', /up to 4 of/);
  });
});

describe('an event with what Pusher does not have', () => {
  const { hub } = new Cluster(1).worker(0);
  for (const [what, changes, message] of [
    ['tags that are no object', { tags: 'x' }, 'Invalid tags: expected an object'],
    ['a tag that is an object', { tags: { a: {} } }, 'Invalid tags.a: expected a string, a number or a boolean'],
    [
      'too many tags',
      { tags: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`t${i}`, i])) },
      'Invalid tags: 33 tags, more than the 32 allowed',
    ],
    ['a long conflation key', { conflationKey: 'k'.repeat(257) }, 'The conflation_key has more than 256 characters'],
  ] as const) {
    it(`is refused for ${what}`, () => {
      assert.deepEqual(publish(hub, app, [event(changes)]), { reason: 'invalid', message });
    });
  }

  it('goes out with as much as is allowed', () => {
    const tags = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`t${i}`, i]));
    assert.equal(publish(hub, app, [event({ tags, conflationKey: 'k'.repeat(256) })]), undefined);
  });
});

describe('the registry of publish errors', () => {
  it('fills every placeholder, with hostile parts standing as they are', () => {
    for (const name of Object.keys(PUBLISH_ERRORS) as (keyof typeof PUBLISH_ERRORS)[]) {
      const { text, reason } = PUBLISH_ERRORS[name];
      const parts = Array.from({ length: text.split('%s').length - 1 }, (_, i) => `part${i}`);
      const refusal = publishError(name, ...parts);
      assert.equal(refusal.reason, reason);
      for (const part of parts) assert.ok(refusal.message.includes(part));
      assert.doesNotMatch(refusal.message, /%s|undefined/);
    }
    assert.equal(publishError('batchTooLarge', '%s', '$&').message, 'Batch too large (%s > $&)');
  });

  it('repeats at most 200 characters of what was sent', () => {
    assert.ok(publishError('invalidSocketId', '9'.repeat(100_000)).message.length < 300);
  });
});
