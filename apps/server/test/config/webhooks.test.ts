import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderConfig } from '../../src/config/print.ts';
import { fileWith } from '../file-with.ts';
import { appsFile, load, problemOf } from './support.ts';

const APP = { id: 'a', key: 'ka', secret: 'sa' };
const url = 'https://user:hidden@example.com/hooks?token=hidden';
const NO_FILTER = { prefix: null, suffix: null, pattern: null };
const ALL = { eventTypes: null, filter: NO_FILTER, headers: {} };

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
          destination: { kind: 'http', url },
          eventTypes: ['channel_occupied', 'client_event'],
          filter: { prefix: 'private-', suffix: '-x', pattern: '^private-\\d' },
          headers: { 'X-Custom': '1' },
        },
        { destination: { kind: 'http', url }, eventTypes: ['cache_miss'], filter: NO_FILTER, headers: {} },
      ],
    },
    { id: 'b', key: 'kb', secret: 'sb', targets: [{ destination: { kind: 'http', url }, ...ALL }] },
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
    { destination: { kind: 'http', url }, eventTypes: ['cache_miss'], filter: NO_FILTER, headers: {} },
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

const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function:f';
const F = {
  kind: 'lambda',
  functionName: 'f',
  region: 'us-east-1',
  invocationType: 'Event',
  endpoint: null,
  credentials: null,
};
const KEYS = { accessKeyId: 'hidden-id', secretAccessKey: 'hidden-key' };

const FUNCTIONS: readonly (readonly [written: string, webhook: object, destination: object])[] = [
  ['by Sockudo', { lambda: { function_name: 'f', region: 'eu-west-1' } }, { ...F, region: 'eu-west-1' }],
  ['the old way', { lambda_function: 'f' }, F],
  [
    'by soketi',
    { lambda_function: 'f', lambda: { async: false, region: 'eu-west-1', client_options: { credentials: KEYS } } },
    { ...F, region: 'eu-west-1', invocationType: 'RequestResponse', credentials: KEYS },
  ],
  [
    'with all there is',
    {
      url: null,
      lambda: {
        function_name: 'f:live',
        async: true,
        client_options: {
          endpoint: 'http://127.0.0.1:1/',
          region: 'us-gov-west-1',
          credentials: { ...KEYS, sessionToken: 'hidden-token' },
        },
      },
    },
    {
      ...F,
      functionName: 'f:live',
      region: 'us-gov-west-1',
      endpoint: 'http://127.0.0.1:1/',
      credentials: { ...KEYS, sessionToken: 'hidden-token' },
    },
  ],
  ['by ARN', { lambda_function: ARN }, { ...F, functionName: ARN, region: 'eu-west-1' }],
  [
    'by ARN and region, twice',
    { lambda_function: ARN, lambda: { function_name: ARN, region: 'eu-west-1' } },
    { ...F, functionName: ARN, region: 'eu-west-1' },
  ],
];

for (const [written, webhook, destination] of FUNCTIONS) {
  test(`a function of AWS Lambda may be a target, written ${written}`, (t) => {
    const { settings, values } = load({ configFile: appsFile(t, { ...APP, webhooks: [webhook] }) });
    assert.deepEqual(settings.webhooks.apps[0]?.targets, [{ destination, ...ALL }]);
    assert.deepEqual(JSON.parse(JSON.stringify(settings.webhooks)), settings.webhooks);
    const shown = renderConfig(values);
    assert.ok(shown.includes('"f') || shown.includes(ARN), 'the name is shown');
    for (const secret of ['hidden', '127.0.0.1:1']) assert.ok(!shown.includes(secret), secret);
  });
}

const WRONG: readonly (readonly [webhook: Readonly<Record<string, unknown>>, path: string, expected: RegExp])[] = [
  [{}, '', /^url or lambda, to say where events go$/],
  [{ url, lambda: { function_name: 'f' } }, 'lambda', /^url or lambda; .*two webhooks/],
  [{ url, lambda_function: 'f' }, 'lambda_function', /^url or lambda; /],
  [{ lambda: {} }, 'lambda.function_name', /^the name or ARN/],
  [{ lambda: 'f' }, 'lambda', /^a section/],
  [{ lambda: { function_name: 'f g' } }, 'lambda.function_name', /^the name of a Lambda function or its ARN/],
  [{ lambda_function: 'arn:aws:s3:::f' }, 'lambda_function', /^the name of a Lambda function or its ARN/],
  [{ lambda: { function_name: 'f', region: 'Europe' } }, 'lambda.region', /^a region of AWS/],
  [{ lambda: { function_name: 'f', async: 'maybe' } }, 'lambda.async', /^true or false/],
  [{ lambda: { function_name: 'f' }, lambda_function: 'g' }, 'lambda_function', /^the same as lambda.function_name/],
  [{ lambda: { function_name: ARN, region: 'eu-west-2' } }, 'lambda.region', /^eu-west-1, as the ARN of the function/],
  [
    { lambda: { function_name: 'f', region: 'eu-west-1', client_options: { region: 'eu-west-2' } } },
    'lambda.client_options.region',
    /^eu-west-1, as lambda.region says, or nothing/,
  ],
  [{ lambda: { function_name: 'f', retries: 1 } }, 'lambda.retries', /^one of function_name, region/],
  [
    { lambda: { function_name: 'f', client_options: { maxRetries: 1 } } },
    'lambda.client_options.maxRetries',
    /endpoint/,
  ],
  [{ lambda: { function_name: 'f', client_options: 'hidden' } }, 'lambda.client_options', /^a section/],
  [{ lambda: { function_name: 'f', client_options: { endpoint: 'hidden' } } }, 'lambda.client_options.endpoint', /URL/],
  [
    { lambda: { function_name: 'f', client_options: { credentials: { accessKeyId: 'hidden' } } } },
    'lambda.client_options.credentials.secretAccessKey',
    /^a text of 1 to 512/,
  ],
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
    assert.equal(problem.path, `app_manager.array.apps[0].webhooks[1]${path === '' ? '' : `.${path}`}`);
    assert.match(problem.expected, expected);
    assert.ok(!JSON.stringify(problem).includes('hidden'));
  });
}
