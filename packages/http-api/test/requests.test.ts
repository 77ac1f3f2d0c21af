import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { testApp } from '@sluice/core/testing';
import { TestApi } from './api.ts';

describe('Rates', () => {
  it('of publishes count an event once for each of its channels', async () => {
    const api = new TestApi({ app: testApp({ limits: { maxBackendEventsPerSecond: 20 } }) });
    await api.publish({ name: 'e', channels: ['a', 'b', 'c'], data: 'd' });
    const one = { name: 'e', channel: 'a', data: 'd' };
    await api.call({ method: 'POST', path: '/batch_events', body: { batch: [one, one] } });
    assert.deepEqual(api.registry.taken, [
      { name: 'backend_events:1001', points: 3, max: 20, windowMs: 1000 },
      { name: 'backend_events:1001', points: 2, max: 20, windowMs: 1000 },
    ]);
    assert.deepEqual(
      [api.metrics.counters.rateLimitChecks, api.metrics.counters.rateLimitRefusals],
      [
        { backend_events: 2, read_requests: 0 },
        { backend_events: 0, read_requests: 0 },
      ],
    );
  });

  it('of reads answer 429 with a time to come back, and count the refusal', async () => {
    const api = new TestApi({ app: testApp({ limits: { maxReadRequestsPerSecond: 1 } }) });
    api.registry.grants = false;
    for (const path of ['/channels', '/channels/c', '/channels/presence-c/users']) {
      const { status, text, headers } = await api.call({ path });
      assert.deepEqual(
        [status, text, headers['retry-after']],
        [429, 'Rate limit exceeded: more than 1 read requests in a second\n', '1'],
      );
    }
    assert.equal(api.metrics.counters.rateLimitRefusals.read_requests, 3);
  });

  it('are left alone by publishes that are refused anyway, and take a channel named twice once', async () => {
    const api = new TestApi({ app: testApp({ limits: { maxBackendEventsPerSecond: 20 } }) });
    assert.equal((await api.publish({ name: 'e', channels: ['a', 'no good'], data: 'd' })).status, 400);
    assert.deepEqual(api.registry.taken, []);
    await api.publish({ name: 'e', channels: ['a', 'a', 'b'], data: 'd' });
    assert.deepEqual(
      api.registry.taken.map(({ points }) => points),
      [2],
    );
  });

  it('are not asked for where none is set', async () => {
    const api = new TestApi();
    await api.call({ path: '/channels' });
    await api.publish({ name: 'e', channel: 'a', data: 'd' });
    assert.deepEqual(api.registry.taken, []);
  });
});

describe('The answer to a publish', () => {
  it('waits until the other workers have taken the event up', async () => {
    const api = new TestApi();
    const { promise, resolve } = Promise.withResolvers<void>();
    api.backbone.gate = promise;
    let answered = false;
    const answer = api.publish({ name: 'e', channel: 'a', data: 'd' }).finally(() => (answered = true));
    while (api.backbone.published.length === 0) await nextTurn();
    for (let i = 0; i < 5; i++) await nextTurn();
    assert.equal(answered, false);
    resolve();
    assert.deepEqual([(await answer).status, (await answer).text], [200, '{}']);
  });
});

describe('Bodies', () => {
  it('nested ten thousand levels deep are refused', async () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const api = new TestApi();
    for (const body of [deep, `{"name":"e","channel":"c","data":${deep}}`]) {
      const { status, text } = await api.publish(body);
      assert.deepEqual([status, text], [400, 'Invalid body: nested deeper than 64 levels\n']);
    }
  });

  it('that are no object are refused', async () => {
    const api = new TestApi();
    for (const body of ['[]', '1', 'null', '"text"', 'true']) {
      assert.equal((await api.publish(body)).text, 'Invalid body: expected a JSON object\n', body);
    }
  });

  it('of a batch are all checked before the first event goes out', async () => {
    const api = new TestApi();
    const good = { name: 'e', channel: 'a', data: 'd' };
    const call = (batch: unknown): Promise<{ readonly status: number }> =>
      api.call({ method: 'POST', path: '/batch_events', body: { batch } });
    for (const bad of [
      null,
      1,
      [],
      { ...good, channel: 'a b' },
      { ...good, data: 'x'.repeat(10_241) },
      { ...good, name: '' },
    ]) {
      assert.ok((await call([good, bad])).status >= 400);
    }
    assert.equal((await call(Array.from({ length: 11 }, () => good))).status, 400);
    assert.deepEqual(api.backbone.published, []);
    assert.equal((await call([good, good])).status, 200);
    assert.equal(api.backbone.published.length, 2);
  });
});

describe('Terminating the connections of a user', () => {
  it('HA-21, TE-01, TE-07: is passed on with the decoded id, with or without a body', async () => {
    const api = new TestApi();
    for (const body of [undefined, '{}']) {
      const path = '/users/a%40b.c/terminate_connections';
      const { status, text } = await api.call({ method: 'POST', path, ...(body === undefined ? {} : { body }) });
      assert.deepEqual([status, text], [200, '{}']);
    }
    const user = { appId: '1001', userId: 'a@b.c' };
    assert.deepEqual(api.registry.terminated, [user, user]);
  });

  it('is refused for an id that nobody can have', async () => {
    const api = new TestApi();
    const { status } = await api.call({ method: 'POST', path: `/users/${'a'.repeat(129)}/terminate_connections` });
    assert.equal(status, 400);
    assert.deepEqual(api.registry.terminated, []);
  });
});

describe('Parameters', () => {
  it('may stand in the query or in the body, which counts where both have one, in any case in the query', async () => {
    const api = new TestApi();
    const query = [
      ['Name', 'from-query'],
      ['channels[]', 'a'],
      ['channels[]', 'b'],
    ] as const;
    await api.call({ method: 'POST', path: '/events', query, body: { data: 'd' } });
    await api.call({ method: 'POST', path: '/events', query, body: { name: 'from-body', data: 'd' } });
    assert.deepEqual(
      api.backbone.published.map(({ topic, bytes }) => [topic, /"event":"([^"]*)"/.exec(bytes)?.[1]]),
      [
        ['1001:a', 'from-query'],
        ['1001:b', 'from-query'],
        ['1001:a', 'from-body'],
        ['1001:b', 'from-body'],
      ],
    );
  });

  it('that are null count as left out', async () => {
    const api = new TestApi();
    const event = { name: 'e', channel: 'c', data: 'd' };
    assert.equal((await api.publish({ ...event, info: null, socket_id: null, channels: null })).text, '{}');
    assert.equal((await api.publish({ ...event, data: null })).text, 'Missing required parameter: data\n');
    const batch = [{ ...event, channels: null }];
    assert.equal((await api.call({ method: 'POST', path: '/batch_events', body: { batch } })).status, 200);
  });

  it('of other types: data becomes JSON, an empty socket_id is none', async () => {
    const api = new TestApi();
    await api.publish({ name: 'e', channel: 'c', data: { a: [1] }, socket_id: '' });
    assert.match(api.backbone.published[0]?.bytes ?? '', /"data":"\{\\"a\\":\[1\]\}"/);
  });

  it('of a batch name one channel an event', async () => {
    const api = new TestApi();
    const batch = [{ name: 'e', channels: ['a', 'b'], data: 'd' }];
    const { status, text } = await api.call({ method: 'POST', path: '/batch_events', body: { batch } });
    assert.deepEqual([status, text], [400, 'Invalid parameter: an event of a batch has one channel\n']);
    assert.equal(api.backbone.published.length, 0);
  });

  for (const [members, problem] of [
    [{ delta: 'no' }, 'Invalid parameter: delta has to be true or false'],
    [{ conflation_key: {} }, 'Invalid parameter: conflation_key has to be a string'],
    [{ tags: { a: [] } }, 'Invalid tags.a: expected a string, a number or a boolean'],
  ] as const) {
    it(`that Pusher does not have are refused where they make no sense, in a batch too: ${JSON.stringify(members)}`, async () => {
      const api = new TestApi();
      const one = { name: 'e', channel: 'c', data: 'd', ...members };
      for (const [path, body] of [
        ['/events', one],
        ['/batch_events', { batch: [{ name: 'e', channel: 'c', data: 'd' }, one] }],
      ] as const) {
        const { status, text } = await api.call({ method: 'POST', path, body });
        assert.deepEqual([status, text], [400, `${problem}\n`]);
      }
      assert.equal(api.backbone.published.length, 0);
    });
  }
});
