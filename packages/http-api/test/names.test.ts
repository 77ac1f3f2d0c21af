import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TestApi } from './api.ts';

const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];

function occupied(...channels: readonly string[]): TestApi {
  const api = new TestApi();
  api.registry.occupied.set(
    '1001',
    channels.map((channel, i) => ({ channel, subscriptions: i + 1, users: 0 })),
  );
  return api;
}

describe('Names that objects have members of', () => {
  it('are ordinary channels in the list', async () => {
    const api = occupied(...NAMES);
    const { text } = await api.call({ path: '/channels', query: [['info', 'subscription_count']] });
    const expected = NAMES.map((name, i) => `"${name}":{"subscription_count":${i + 1}}`).join();
    assert.equal(text, `{"channels":{${expected}}}`);
  });

  it('are ordinary channels by themselves, occupied or not', async () => {
    const api = occupied('__proto__');
    assert.equal((await api.call({ path: '/channels/__proto__' })).text, '{"occupied":true}');
    assert.equal((await api.call({ path: '/channels/constructor' })).text, '{"occupied":false}');
  });

  it('are ordinary channels in what a publish is told of them', async () => {
    const api = occupied('__proto__');
    const body = { name: 'e', channels: ['constructor', '__proto__'], data: 'd', info: 'subscription_count' };
    const { text } = await api.publish(body);
    assert.equal(text, '{"channels":{"constructor":{"subscription_count":0},"__proto__":{"subscription_count":1}}}');
    assert.deepEqual(
      api.backbone.published.map(({ topic }) => topic),
      ['1001:constructor', '1001:__proto__'],
    );
  });

  it('are ordinary events and data', async () => {
    const api = new TestApi();
    for (const name of NAMES) assert.equal((await api.publish({ name, channel: 'c', data: name })).status, 200);
    assert.match(api.backbone.published[0]?.bytes ?? '', /\{"event":"__proto__","channel":"c","data":"__proto__"\}$/);
  });

  it('are no attributes', async () => {
    for (const name of NAMES) {
      const { status, text } = await new TestApi().call({ path: '/channels', query: [['info', name]] });
      assert.equal(status, 400);
      assert.match(text, new RegExp(`^Unknown attribute '${name}'`));
    }
  });

  it('in the query give a publish nothing, and take nothing away', async () => {
    const api = new TestApi();
    const query = [
      ['__proto__', 'x'],
      ['__proto__[]', 'x'],
      ['constructor', 'y'],
      ['name', 'e'],
      ['channels[]', 'a'],
      ['channels[]', 'b'],
      ['data', 'd'],
    ] as const;
    const { status, text } = await api.call({ method: 'POST', path: '/events', query });
    assert.deepEqual([status, text], [200, '{}']);
    assert.deepEqual(
      api.backbone.published.map(({ topic }) => topic),
      ['1001:a', '1001:b'],
    );
    const inherited = await api.call({
      method: 'POST',
      path: '/events',
      query: [
        ['__proto__[]', 'a'],
        ['name', 'e'],
        ['data', 'd'],
      ],
    });
    assert.equal(inherited.text, 'Missing required parameter: channel\n');
  });

  it('in a body do not stand in for parameters', async () => {
    const api = new TestApi();
    const { text } = await api.publish('{"__proto__":{"channel":"c","name":"e","data":"d"}}');
    assert.equal(text, 'Missing required parameter: channel\n');
    assert.equal(({} as Record<string, unknown>)['channel'], undefined);
  });

  it('are no app and no key', async () => {
    const api = new TestApi();
    assert.equal((await api.call({ path: '/channels', key: '__proto__' })).status, 401);
    assert.equal((await api.call({ path: '/channels', appId: 'constructor' })).status, 401);
  });
});
