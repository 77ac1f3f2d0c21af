import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { testApp } from '@sluice/core/testing';
import { type Call, TestApi, type ApiOptions } from './api.ts';

const EVENT = { name: 'moved', channel: 'prices', data: '{"a":1}' };
const PUBLISH = { method: 'POST', path: '/events', body: EVENT } as const;
/** Makes the plugin answer: only it knows what web pages are to be told. */
const FOR_PLUGIN = { origin: 'https://a.example' };

const CALLS: Readonly<Record<string, Call & ApiOptions>> = {
  'one that is accepted': PUBLISH,
  'to several channels': { ...PUBLISH, body: { ...EVENT, channel: undefined, channels: ['a', 'b', 'a'] } },
  'that asks for counts': { ...PUBLISH, body: { ...EVENT, info: 'subscription_count' } },
  'with parameters in the query': { ...PUBLISH, body: '{}', query: Object.entries(EVENT) },
  'with a body that is not its digest': { ...PUBLISH, override: { body_md5: '0' } },
  'without a digest': { ...PUBLISH, sign: { body_md5: undefined } },
  'that is signed with another secret': { ...PUBLISH, secret: 'another' },
  'that is not signed': { ...PUBLISH, override: { auth_signature: undefined } },
  'with an unknown key': { ...PUBLISH, key: 'nobody' },
  'of another app': { ...PUBLISH, appId: 'other' },
  'that is out of date': { ...PUBLISH, sign: { auth_timestamp: '1' } },
  'whose body is no JSON': { ...PUBLISH, body: '{' },
  'whose body is no UTF-8': { ...PUBLISH, body: Buffer.from([0x22, 0xff, 0x22]) },
  'without a name': { ...PUBLISH, body: { ...EVENT, name: '' } },
  'whose channel nobody can have': { ...PUBLISH, body: { ...EVENT, channel: 'a b' } },
  'whose data is too long': { ...PUBLISH, body: { ...EVENT, data: 'x'.repeat(20_000) } },
  'of a disabled app': { ...PUBLISH, app: testApp({ enabled: false }) },
  'of an app with a rate': { ...PUBLISH, app: testApp({ limits: { maxBackendEventsPerSecond: 5 } }) },
  'that is more than the rate of its app': {
    ...PUBLISH,
    app: testApp({ limits: { maxBackendEventsPerSecond: 1 } }),
    body: { ...EVENT, channel: undefined, channels: ['a', 'b'] },
  },
};

describe('A publish', () => {
  for (const [name, { app, pathPrefix, ...call }] of Object.entries(CALLS)) {
    it(`${name} is answered as by the plugin, without it`, async () => {
      const options = { ...(app && { app }), ...(pathPrefix && { pathPrefix }) };
      const [direct, plugin] = [new TestApi(options), new TestApi(options)];
      const answers = [await direct.call(call), await plugin.call({ ...call, headers: FOR_PLUGIN })];
      const [given, expected] = answers.map(({ status, text, headers }) => {
        const { 'content-type': type, 'content-length': length, 'retry-after': retry } = headers;
        return { status, text, type, length, retry };
      });
      assert.deepEqual(given, expected);
      assert.deepEqual([direct.direct, plugin.direct], [1, 0]);
      assert.deepEqual(textsOf(direct), textsOf(plugin));
      assert.deepEqual(direct.metrics.counters, plugin.metrics.counters);
    });
  }

  it('whose app has to be asked for waits for it, also where that fails', async () => {
    const api = new TestApi({ asksForApps: true });
    assert.deepEqual(await api.publish(EVENT).then(({ status, text }) => [status, text]), [200, '{}']);
    api.asking = async () => {
      throw new Error('the database is away');
    };
    assert.equal((await api.publish(EVENT)).status, 500);
    assert.deepEqual(
      api.errors.map(({ error, stage }) => [(error as Error).message, stage]),
      [['the database is away', 'POST /apps/:appId/events']],
    );
    assert.equal(api.direct, 2);
  });

  for (const [name, call] of Object.entries<Call>({
    'whose length is not known': { ...PUBLISH, headers: { 'transfer-encoding': 'chunked' } },
    'that is too long': { ...PUBLISH, body: 'x'.repeat(100_001) },
    'of a web page': { ...PUBLISH, headers: FOR_PLUGIN },
    'of a batch': { ...PUBLISH, path: '/batch_events', body: { batch: [EVENT] } },
    'with an encoded id': { ...PUBLISH, appId: '%31001', signPath: '/events' },
    'to the route that Pusher no longer has': { ...PUBLISH, path: '/channels/prices/events', query: [['name', 'a']] },
  })) {
    it(`${name} is left to the plugin`, async () => {
      const api = new TestApi();
      assert.notEqual((await api.call(call)).status, 404);
      assert.equal(api.direct, 0);
    });
  }

  it('is not signed with the path prefix, and is left alone without it', async () => {
    const api = new TestApi({ pathPrefix: '/realtime' });
    assert.equal((await api.publish(EVENT)).status, 200);
    assert.equal(api.direct, 1);
  });
});

/** Without the names of messages, which no two hubs give alike. */
function textsOf({ backbone }: TestApi): readonly string[] {
  return backbone.published.map(({ topic, bytes }) => `${topic} ${bytes.slice(bytes.indexOf('{'))}`);
}
