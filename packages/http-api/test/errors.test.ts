import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { APP } from '@sluice/testkit';
import { testApp } from '@sluice/core/testing';
import { HTTP_ERRORS } from '../src/index.ts';
import { type ApiOptions, type Call, NOW_SECONDS, TestApi } from './api.ts';

interface Case {
  readonly call: Call;
  readonly status: number;
  readonly text: string;
  readonly options?: ApiOptions;
  readonly prepare?: (api: TestApi) => void;
}

const EVENT = { name: 'e', channel: 'c', data: '{}' };
const events = (body: unknown): Call => ({ method: 'POST', path: '/events', body });
const channels = (...query: readonly (readonly [string, string])[]): Call => ({ path: '/channels', query });
const SIGNED = 'GET\\n/apps/1001/channels\\nauth_key=278d425bdf160c739803&auth_timestamp=1772600767&auth_version=1.0';

const CASES: Readonly<Record<keyof typeof HTTP_ERRORS, Case>> = {
  missingAuthParameter: {
    call: { path: '/channels', sign: { auth_key: undefined } },
    status: 401,
    text: 'Missing parameter: auth_key',
  },
  unknownKey: {
    call: { path: '/channels', key: 'nobody' },
    status: 401,
    text: 'Unknown auth_key: App key nobody not in this cluster. Did you forget to specify the cluster?',
  },
  keyOfOtherApp: {
    call: { path: '/channels', appId: '9' },
    status: 401,
    text: 'The auth_key belongs to another app than the one in the path (9)',
  },
  versionRequired: {
    call: { path: '/channels', sign: { auth_version: undefined } },
    status: 401,
    text: 'Version required',
  },
  versionNotSupported: {
    call: { path: '/channels', sign: { auth_version: '2.0' } },
    status: 401,
    text: 'Version not supported',
  },
  timestampRequired: {
    call: { path: '/channels', sign: { auth_timestamp: 'now' } },
    status: 401,
    text: 'Timestamp required',
  },
  timestampExpired: {
    call: { path: '/channels', sign: { auth_timestamp: String(NOW_SECONDS - 600) } },
    status: 401,
    text: 'Timestamp expired: Given timestamp (2026-03-04T04:56:07Z) not within 600s of server time (2026-03-04T05:06:07Z)',
  },
  invalidSignature: {
    call: { path: '/channels', override: { auth_signature: 'bad' } },
    status: 401,
    text: `Invalid signature: you should have sent HmacSHA256Hex("${SIGNED}", your_secret_key), but you sent "bad"`,
  },
  bodyDigestRequired: {
    call: { ...events(EVENT), sign: { body_md5: undefined } },
    status: 401,
    text: 'Missing parameter: body_md5 (required for a request with a body)',
  },
  bodyDigestWrong: {
    call: { ...events(EVENT), sign: { body_md5: '0'.repeat(32) } },
    status: 401,
    text: 'Invalid body_md5: it is not the MD5 of the body that arrived',
  },
  appDisabled: {
    call: channels(),
    options: { app: testApp({ enabled: false }) },
    status: 403,
    text: 'Application disabled',
  },
  rateLimited: {
    call: events(EVENT),
    options: { app: testApp({ limits: { maxBackendEventsPerSecond: 5 } }) },
    prepare: (api) => (api.registry.grants = false),
    status: 429,
    text: 'Rate limit exceeded: more than 5 backend events in a second',
  },
  addressRateLimited: {
    call: { path: '/channels', key: 'nobody' },
    options: { addressLimit: { name: 'api', max: 7, windowMs: 60_000, trustHops: 0 } },
    prepare: (api) => (api.registry.grants = false),
    status: 429,
    text: 'Rate limit exceeded: more than 7 requests from one address in 60 s',
  },
  rateUnreachable: {
    call: events({ name: 'e', channels: ['a', 'b', 'c', 'd', 'e', 'f'], data: '{}' }),
    options: { app: testApp({ limits: { maxBackendEventsPerSecond: 5 } }) },
    status: 400,
    text: 'Too much at once: this counts as 6 events, and the app may publish 5 in a second',
  },
  invalidBody: { call: events('{"name":'), status: 400, text: 'Invalid body: not valid JSON' },
  missingParameter: {
    call: events({ channel: 'c', data: '{}' }),
    status: 400,
    text: 'Missing required parameter: name',
  },
  invalidParameter: {
    call: events({ ...EVENT, socket_id: 7 }),
    status: 400,
    text: 'Invalid parameter: socket_id has to be a string',
  },
  invalidChannelName: { call: { path: '/channels/a%20b' }, status: 400, text: "Invalid channel name 'a b'" },
  unknownAttribute: {
    call: channels(['info', 'user_count,colour']),
    status: 400,
    text: "Unknown attribute 'colour': info should be a comma separated list of attributes (user_count, subscription_count)",
  },
  userCountNeedsPresenceFilter: {
    call: channels(['info', 'user_count']),
    status: 400,
    text: 'user_count may only be requested for presence channels - please supply filter_by_prefix begining with presence-',
  },
  userCountNeedsPresence: {
    call: { path: '/channels/news', query: [['info', 'user_count']] },
    status: 400,
    text: 'Cannot retrieve the user count unless the channel is a presence channel',
  },
  cacheNeedsCacheChannel: {
    call: { path: '/channels/my-cache-x', query: [['info', 'cache']] },
    status: 400,
    text: 'Cannot retrieve the cache unless the channel is a cache channel',
  },
  subscriptionCountDisabled: {
    call: channels(['info', 'subscription_count']),
    options: { app: testApp({ subscriptionCount: false }) },
    status: 400,
    text: 'Cannot retrieve the subscription count: it is disabled for this app',
  },
  usersNeedPresence: {
    call: { path: '/channels/news/users' },
    status: 400,
    text: 'Users can only be retrieved for presence channels',
  },
  bodyTooLarge: {
    call: events('x'.repeat(1001)),
    options: { bodyLimit: 1000 },
    status: 413,
    text: 'The request body is larger than 1000 bytes',
  },
  internal: {
    call: channels(),
    prepare: (api) => (api.registry.failure = new Error('a secret detail')),
    status: 500,
    text: 'Internal server error',
  },
};

describe('Every refusal of the HTTP API', () => {
  for (const [name, { call, status, text, options, prepare }] of Object.entries(CASES)) {
    it(`has its status and its text, plain and with a newline: ${name}`, async () => {
      const api = new TestApi(options);
      prepare?.(api);
      const answer = await api.call(call);
      assert.deepEqual([answer.status, answer.text], [status, `${text}\n`]);
      assert.match(String(answer.headers['content-type']), /^text\/plain/);
      assert.equal(api.backbone.published.length, 0);
      assert.equal(answer.headers['retry-after'] !== undefined, status === 429);
    });
  }

  it('has the status of its entry, with a remedy', () => {
    for (const [name, { status }] of Object.entries(CASES)) {
      const spec = HTTP_ERRORS[name as keyof typeof HTTP_ERRORS];
      assert.equal(spec.status, status, name);
      assert.notEqual(spec.remedy, '', name);
    }
    assert.deepEqual(Object.keys(CASES).sort(), Object.keys(HTTP_ERRORS).sort());
  });

  it('names the parameter that is missing', async () => {
    const api = new TestApi();
    const texts = [
      (await api.call({ path: '/channels', override: { auth_signature: undefined } })).text,
      (await api.publish({ name: 'e', data: '{}' })).text,
      (await api.publish({ name: 'e', channels: [], data: '{}' })).text,
      (await api.publish({ name: 'e', channel: 'c' })).text,
      (await api.call({ method: 'POST', path: '/batch_events', body: {} })).text,
    ];
    assert.deepEqual(texts, [
      'Missing parameter: auth_signature\n',
      'Missing required parameter: channel\n',
      'Missing required parameter: channel\n',
      'Missing required parameter: data\n',
      'Missing required parameter: batch\n',
    ]);
  });

  it('tells the operator, not the client, what went wrong inside', async () => {
    const api = new TestApi();
    const failure = new Error('a secret detail');
    api.registry.failure = failure;
    const { text } = await api.call({ path: '/channels' });
    assert.doesNotMatch(text, /secret/);
    assert.deepEqual(api.errors, [{ error: failure, stage: 'GET /apps/:appId/channels' }]);
  });

  it('repeats no more of a request than 2000 characters, and no secret', async () => {
    const api = new TestApi();
    const { status, text } = await api.call({ path: '/channels', key: 'k'.repeat(9000) });
    assert.equal(status, 401);
    assert.ok(text.length < 2200);
    const { text: other } = await api.call({ path: '/channels', override: { auth_signature: 'bad' } });
    assert.doesNotMatch(other, new RegExp(APP.secret));
  });

  it('takes replacement patterns in what it repeats for plain text', async () => {
    const { text } = await new TestApi().call({ path: '/channels', key: "$&$`$'%s" });
    assert.equal(
      text,
      "Unknown auth_key: App key $&$`$'%s not in this cluster. Did you forget to specify the cluster?\n",
    );
  });

  it('is plain text with a newline for what the framework refuses too', async () => {
    const api = new TestApi();
    const { statusCode, body } = await api.server.inject({
      method: 'POST',
      url: `/apps/1001/events?auth_key=${APP.key}`,
      headers: { 'content-type': 'application/json', 'content-length': 'many' },
      payload: '{}',
    });
    assert.ok(statusCode >= 400 && statusCode < 500);
    assert.match(body, /^[^{\n]+\n$/);
  });
});
