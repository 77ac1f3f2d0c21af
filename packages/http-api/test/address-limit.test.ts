import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { testApp } from '@sluice/core/testing';
import { type Answer, TestApi } from './api.ts';

const LIMIT = { name: 'api', max: 7, windowMs: 60_000, trustHops: 0 };

function rateHeadersOf({ headers }: Answer): unknown[] {
  return ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'retry-after'].map(
    (name) => headers[name],
  );
}

describe('The limit of an address', () => {
  it('counts each request once, before its signature is looked at, and says how it stands', async () => {
    const api = new TestApi({ addressLimit: LIMIT });
    const answers = [await api.call({ path: '/channels' }), await api.call({ path: '/channels', key: 'nobody' })];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 401],
    );
    for (const answer of answers) assert.deepEqual(rateHeadersOf(answer), ['7', '6', '2', undefined]);
    const taken = { name: 'address:api:127.0.0.1', points: 1, max: 7, windowMs: 60_000 };
    assert.deepEqual(api.registry.taken, [taken, taken]);
    assert.deepEqual(api.metrics.addressChecks, ['http_api taken', 'http_api taken']);
  });

  it('refuses with the time after which there is room again', async () => {
    const api = new TestApi({ addressLimit: LIMIT });
    api.registry.grants = false;
    const answer = await api.publish({ name: 'e', channel: 'c', data: 'd' });
    assert.equal(answer.status, 429);
    assert.deepEqual(rateHeadersOf(answer), ['7', '0', '2', '2']);
    assert.deepEqual(api.backbone.published, []);
    assert.deepEqual(api.metrics.addressChecks, ['http_api refused']);
  });

  it('is of the address that trusted proxies name, and of nothing that a client claims', async () => {
    for (const [trustHops, name] of [
      [0, '127.0.0.1'],
      [1, '198.51.100.2'],
    ] as const) {
      const api = new TestApi({ addressLimit: { ...LIMIT, trustHops } });
      await api.call({
        path: '/channels',
        headers: { 'x-forwarded-for': '203.0.113.9, 198.51.100.2', 'x-real-ip': '203.0.113.8' },
      });
      assert.deepEqual(
        api.registry.taken.map((request) => request.name),
        [`address:api:${name}`],
      );
    }
  });

  it('fails closed: without an answer there is no service', async () => {
    const api = new TestApi({ addressLimit: LIMIT });
    api.registry.take = () => Promise.reject(new Error('the primary has gone'));
    const { status } = await api.publish({ name: 'e', channel: 'c', data: 'd' });
    assert.equal(status, 500);
    assert.deepEqual(api.backbone.published, []);
  });

  it('leaves the time of a rate of the app alone', async () => {
    const api = new TestApi({ app: testApp({ limits: { maxReadRequestsPerSecond: 1 } }) });
    api.registry.grants = false;
    const answer = await api.call({ path: '/channels' });
    assert.deepEqual(rateHeadersOf(answer), [undefined, undefined, undefined, '1']);
  });
});
