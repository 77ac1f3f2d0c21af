import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { testApp } from '@sluice/core/testing';
import { TestApi } from './api.ts';

describe('Health checks', () => {
  it('say the same word in the body and in X-Health-Check', async () => {
    const api = new TestApi();
    const ask = async (url: string): Promise<unknown[]> => {
      const { statusCode, body, headers } = await api.server.inject({ url });
      assert.equal(headers['x-health-check'], body);
      return [url, statusCode, body, headers['retry-after']];
    };
    const paths = ['/up', '/up/1001', '/up/none', '/up/__proto__', '/ready', '/live'];
    assert.deepEqual(await Promise.all(paths.map(ask)), [
      ['/up', 200, 'OK', undefined],
      ['/up/1001', 200, 'OK', undefined],
      ['/up/none', 404, 'NOT_FOUND', undefined],
      ['/up/__proto__', 404, 'NOT_FOUND', undefined],
      ['/ready', 200, 'READY', undefined],
      ['/live', 200, 'LIVE', undefined],
    ]);
    api.state = 'draining';
    assert.deepEqual(await Promise.all(paths.map(ask)), [
      ['/up', 503, 'DRAINING', '1'],
      ['/up/1001', 503, 'DRAINING', '1'],
      ['/up/none', 404, 'NOT_FOUND', undefined],
      ['/up/__proto__', 404, 'NOT_FOUND', undefined],
      ['/ready', 503, 'DRAINING', '1'],
      ['/live', 200, 'LIVE', undefined],
    ]);
  });

  it('say DEGRADED while other nodes cannot be reached, and not ready only if that was set', async () => {
    for (const [isReadyDegraded, ready] of [
      [true, [200, 'READY']],
      [false, [503, 'DEGRADED']],
    ] as const) {
      const api = new TestApi({ isReadyDegraded });
      api.state = 'degraded';
      const ask = async (url: string): Promise<unknown[]> => {
        const { statusCode, body } = await api.server.inject({ url });
        return [statusCode, body];
      };
      assert.deepEqual(await ask('/ready'), ready);
      assert.deepEqual(await ask('/up'), [200, 'DEGRADED']);
      assert.deepEqual(await ask('/up/1001'), [200, 'OK'], 'the app works for the clients that are here');
    }
  });

  it('say ERROR for an app that is disabled', async () => {
    const { statusCode, body } = await new TestApi({ app: testApp({ enabled: false }) }).server.inject({
      url: '/up/1001',
    });
    assert.deepEqual([statusCode, body], [503, 'ERROR']);
  });

  it('answer HEAD as they answer GET, without the body', async () => {
    const api = new TestApi();
    const ask = async (
      method: 'GET' | 'HEAD',
      url: string,
    ): Promise<{ readonly body: string; readonly seen: unknown[] }> => {
      const { statusCode, headers, body } = await api.server.inject({ method, url });
      const names = ['x-health-check', 'content-type', 'retry-after'];
      return { body, seen: [statusCode, ...names.map((name) => headers[name])] };
    };
    for (const state of ['well', 'degraded', 'draining'] as const) {
      api.state = state;
      for (const url of ['/', '/up', '/up/1001', '/up/none', '/ready', '/live', '/usage']) {
        const [head, get] = await Promise.all([ask('HEAD', url), ask('GET', url)]);
        assert.deepEqual(head, { body: '', seen: get.seen }, url);
      }
    }
  });
});
