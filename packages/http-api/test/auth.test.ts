import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { md5Hex } from '@sluice/protocol';
import { APP } from '@sluice/testkit';
import { testApp } from '@sluice/core/testing';
import { type Call, NOW_SECONDS, TestApi } from './api.ts';

const EVENT: Call = { method: 'POST', path: '/events', body: { name: 'e', channel: 'c', data: 'd' } };

describe('Authentication of a request', () => {
  it('finds fault in the order of key, app, version, timestamp, signature, digest, app disabled', async () => {
    const api = new TestApi({ app: testApp({ enabled: false }) });
    let faults: Call = {
      ...EVENT,
      appId: '9',
      sign: { auth_key: undefined, auth_version: undefined, auth_timestamp: undefined, body_md5: 'wrong' },
      override: { auth_signature: 'bad' },
    };
    const found: string[] = [];
    const repairs: Partial<Call>[] = [
      { sign: { auth_key: 'nobody', auth_version: undefined, auth_timestamp: undefined, body_md5: 'wrong' } },
      { sign: { auth_version: undefined, auth_timestamp: undefined, body_md5: 'wrong' } },
      { appId: '1001' },
      { sign: { auth_version: '3', auth_timestamp: undefined, body_md5: 'wrong' } },
      { sign: { auth_timestamp: undefined, body_md5: 'wrong' } },
      { sign: { auth_timestamp: '1', body_md5: 'wrong' } },
      { sign: { body_md5: 'wrong' } },
      { override: {} },
      { sign: {} },
    ];
    for (const repair of [{}, ...repairs]) {
      faults = { ...faults, ...repair };
      const { text } = await api.call(faults);
      found.push(text.slice(0, 20).trim());
    }
    assert.deepEqual(found, [
      'Missing parameter: a',
      'Unknown auth_key: Ap',
      'The auth_key belongs',
      'Version required',
      'Version not supporte',
      'Timestamp required',
      'Timestamp expired: G',
      'Invalid signature: y',
      'Invalid body_md5: it',
      'Application disabled',
    ]);
    assert.equal(api.metrics.counters.httpCalls, 0, 'what is not authenticated is not counted');
  });

  it('lets a clock be off by less than 600 seconds in both directions', async () => {
    const api = new TestApi();
    const statusAt = async (offset: number): Promise<number> => {
      const { status } = await api.call({ path: '/channels', sign: { auth_timestamp: String(NOW_SECONDS + offset) } });
      return status;
    };
    assert.deepEqual(await Promise.all([-600, -599, 0, 599, 600].map(statusAt)), [401, 200, 200, 200, 401]);
  });

  it('refuses timestamps that are no plain whole number', async () => {
    const api = new TestApi();
    for (const auth_timestamp of ['', '1e9', '0x10', `${NOW_SECONDS}.5`, 'NaN', '9'.repeat(13), '-']) {
      const { status, text } = await api.call({ path: '/channels', sign: { auth_timestamp } });
      assert.deepEqual([status, text], [401, 'Timestamp required\n'], auth_timestamp);
    }
  });

  it('digests the raw bytes of the body, whatever their spacing, encoding and content type', async () => {
    const api = new TestApi();
    const bodies = [
      '{"name":"e", "channel":"c",\n"data":"d"}',
      '\ufeff{"name":"e","channel":"c","data":"d"}'.slice(1),
      '{"name":"é","channel":"c","data":"\\u00e9"}',
    ];
    for (const body of bodies) {
      for (const type of [
        'application/json',
        'text/plain',
        'application/x-www-form-urlencoded',
        'nonsense/type; a=b',
      ]) {
        const { status, text } = await api.call({ ...EVENT, body, headers: { 'content-type': type } });
        assert.deepEqual([status, text], [200, '{}'], type);
      }
    }
    for (const invalid of [
      Buffer.from([0x7b, 0xff, 0x7d]),
      Buffer.from('{"name":"e","channel":"c","data":"\xff"}', 'latin1'),
    ]) {
      const { text } = await api.call({ ...EVENT, body: invalid });
      assert.equal(text, 'Invalid body: not valid UTF-8\n', 'digested before it is read');
    }
    assert.equal(api.backbone.published.length, bodies.length * 4);
    const { status } = await api.call({ ...EVENT, sign: { body_md5: md5Hex(Buffer.from('{}')) } });
    assert.equal(status, 401);
  });

  it('refuses a digest of another body, in upper case, and one without any body', async () => {
    const api = new TestApi();
    const body = '{"name":"e","channel":"c","data":"d"}';
    const upper = md5Hex(Buffer.from(body)).toUpperCase();
    assert.equal((await api.call({ ...EVENT, body, sign: { body_md5: upper } })).status, 401);
    assert.equal((await api.call({ path: '/channels', sign: { body_md5: upper } })).status, 401);
    assert.equal((await api.call({ path: '/channels', sign: { body_md5: md5Hex(Buffer.alloc(0)) } })).status, 200);
  });

  it('covers every parameter with the signature', async () => {
    const api = new TestApi();
    const { status } = await api.call({ path: '/channels', override: { filter_by_prefix: 'presence-' } });
    assert.equal(status, 401);
  });

  it('takes the path as it was sent, or as the library wrote it before encoding', async () => {
    const api = new TestApi();
    assert.equal((await api.call({ path: '/channels/a%3Db' })).status, 200);
    assert.equal((await api.call({ path: '/channels/a%3Db', signPath: '/channels/a=b' })).status, 200);
    assert.equal((await api.call({ path: '/channels/a=b', signPath: '/channels/a%3Db' })).status, 401);
  });

  it('takes its own parameters in any case of letters', async () => {
    const api = new TestApi();
    const query = [['Auth_Key', APP.key]] as const;
    assert.equal((await api.call({ path: '/channels', query, sign: { auth_key: undefined } })).status, 200);
  });

  it('does not count the path prefix of the server as part of what is signed', async () => {
    const api = new TestApi({ pathPrefix: '/realtime' });
    assert.equal((await api.call({ path: '/channels' })).status, 200);
  });

  it('takes every active key of the app with its own secret only', async () => {
    const app = testApp({
      credentials: [
        { key: APP.key, secret: APP.secret },
        { key: 'second', secret: 'other' },
      ],
    });
    const api = new TestApi({ app });
    assert.equal((await api.call({ path: '/channels', key: 'second', secret: 'other' })).status, 200);
    assert.equal((await api.call({ path: '/channels', key: 'second' })).status, 401);
  });

  it('counts requests, their bodies and their answers once they are authenticated', async () => {
    const api = new TestApi();
    const body = '{"name":"e","channel":"c","data":"d"}';
    await api.call({ ...EVENT, body });
    await api.call({ path: '/channels' });
    await api.call({ ...EVENT, body: '{}' });
    const { httpCalls, httpBytesReceived, httpBytesSent } = api.metrics.counters;
    const sent = '{}'.length + '{"channels":{}}'.length + 'Missing required parameter: channel\n'.length;
    assert.deepEqual([httpCalls, httpBytesReceived, httpBytesSent], [3, body.length + 2, sent]);
  });
});
