import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileWith } from '../file-with.ts';
import { appsFile, load, problemOf } from './support.ts';

const APP = { id: 'a', key: 'ka', secret: 'sa' };
const url = 'https://user:hidden@example.com/hooks?token=hidden';
const NO_FILTER = { prefix: null, suffix: null, pattern: null };

test('an app has the webhooks that its list says, signed with its oldest key', (t) => {
  const filter = { channel_prefix: 'private-', channel_suffix: '-x', channel_pattern: '^private-\\d' };
  const some = { url, event_types: ['channel_occupied', 'client_event'], filter, headers: { 'X-Custom': '1' } };
  const { settings } = load({
    configFile: appsFile(
      t,
      { ...APP, webhooks: [some, { url, event_types: ['cache_miss'] }] },
      { id: 'b', key: 'kb', secret: 'sb', additional_keys: [{ key: 'kb2', secret: 'sb2' }], webhooks: [{ url }] },
      { id: 'c', key: 'kc', secret: 'sc' },
    ),
  });
  assert.deepEqual(settings.webhooks.apps, [
    {
      ...APP,
      targets: [
        {
          url,
          eventTypes: ['channel_occupied', 'client_event'],
          filter: { prefix: 'private-', suffix: '-x', pattern: '^private-\\d' },
          headers: { 'X-Custom': '1' },
        },
        { url, eventTypes: ['cache_miss'], filter: NO_FILTER, headers: {} },
      ],
    },
    { id: 'b', key: 'kb', secret: 'sb', targets: [{ url, eventTypes: null, filter: NO_FILTER, headers: {} }] },
  ]);
  assert.deepEqual(
    settings.apps.map(({ webhookEvents }) => webhookEvents.length),
    [3, 7, 0],
  );
});

test('the default app has them in its variable', () => {
  const { settings } = load({
    env: { SLUICE_DEFAULT_APP_WEBHOOKS: JSON.stringify([{ url, event_types: 'cache_miss' }]) },
  });
  assert.deepEqual(settings.webhooks.apps[0]?.targets, [
    { url, eventTypes: ['cache_miss'], filter: NO_FILTER, headers: {} },
  ]);
});

test('TOML has them too', (t) => {
  const file = `[[app_manager.array.apps]]
id = "a"
key = "ka"
secret = "sa"
[[app_manager.array.apps.webhooks]]
url = "http://127.0.0.1/hooks"
[app_manager.array.apps.webhooks.headers]
X-Custom = "1"
`;
  const [app] = load({ configFile: fileWith(t, 'sluice.toml', file) }).settings.webhooks.apps;
  assert.equal(app?.targets[0]?.headers['X-Custom'], '1');
});

test('what is shown hides addresses and headers, which may hold credentials', (t) => {
  const { values } = load({ configFile: appsFile(t, { ...APP, webhooks: [{ url, headers: { 'X-A': 'hidden' } }] }) });
  assert.ok(JSON.stringify(values).includes('webhooks'));
  assert.ok(!JSON.stringify(values).includes('hidden'));
});

test('survives JSON', (t) => {
  const { settings } = load({
    configFile: appsFile(t, { ...APP, webhooks: [{ url, filter: { channel_pattern: 'x' } }] }),
  });
  assert.deepEqual(JSON.parse(JSON.stringify(settings.webhooks)), settings.webhooks);
});

test('a filter takes the word "none" as it is', (t) => {
  const filter = { channel_prefix: 'none', channel_suffix: 'null', channel_pattern: 'none' };
  const { settings } = load({ configFile: appsFile(t, { ...APP, webhooks: [{ url, filter }] }) });
  assert.deepEqual(settings.webhooks.apps[0]?.targets[0]?.filter, { prefix: 'none', suffix: 'null', pattern: 'none' });
});

const WRONG: readonly (readonly [webhook: Readonly<Record<string, unknown>>, path: string, expected: RegExp])[] = [
  [{}, 'url', /^a complete URL/],
  [{ url: '/hooks' }, 'url', /^a complete URL/],
  [{ url: 'ftp://user:hidden@a/' }, 'url', /http:\/\/ or https:\/\//],
  [{ url, event_types: [] }, 'event_types', /at least one of channel_occupied, /],
  [{ url, event_types: ['cache_miss', 'channel_ocupied'] }, 'event_types', /at least one of/],
  [{ url, filter: 'x' }, 'filter', /a section/],
  [{ url, filter: { channel_prefix: 1 } }, 'filter.channel_prefix', /a text/],
  [{ url, filter: { channel_pattern: '(' } }, 'filter.channel_pattern', /regular expression/],
  [{ url, filter: { channel_pattern: 'a\\z' } }, 'filter.channel_pattern', /regular expression/],
  [{ url, filter: { channel_namespace: 'x' } }, 'filter.channel_namespace', /one of channel_prefix, /],
  [{ url, headers: { 'X-A': 1 } }, 'headers', /HTTP headers/],
  [{ url, headers: { 'X-A': 'hidden\r\nX-B: 1' } }, 'headers', /HTTP headers/],
  [{ url, headers: { 'x-pusher-key': 'hidden' } }, 'headers', /sets itself/],
  [{ url, headers: { Connection: 'hidden' } }, 'headers', /belong to the connection/],
  [{ url, evnt_types: [] }, 'evnt_types', /event_types/],
];

for (const [webhook, path, expected] of WRONG) {
  test(`is refused with the place and what is expected: ${JSON.stringify(webhook)}`, (t) => {
    const problem = problemOf({ configFile: appsFile(t, { ...APP, webhooks: [{ url }, webhook] }) });
    assert.equal(problem.path, `app_manager.array.apps[0].webhooks[1].${path}`);
    assert.match(problem.expected, expected);
    assert.ok(!JSON.stringify(problem).includes('hidden'));
  });
}
