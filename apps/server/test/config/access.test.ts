import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADDRESS_LIMIT_VARIABLES, appsFile, jsonFile, load, problemOf, problemsOf } from './support.ts';

test('limits of addresses', () => {
  const env = { ...ADDRESS_LIMIT_VARIABLES, TRUST_HOPS: '7' };
  assert.deepEqual(load({ env }).settings.addressLimits, {
    api: { name: 'a', max: 1, windowMs: 2000, trustHops: 3 },
    upgrades: { name: 'w', max: 4, windowMs: 5000, trustHops: 7 },
  });
  for (const off of [{ RATE_LIMITER_ENABLED: 'no' }, { RATE_LIMITER_DRIVER: 'none' }]) {
    assert.deepEqual(load({ env: { ...env, ...off } }).settings.addressLimits, { api: null, upgrades: null });
  }
});

test('origins that nobody can have are refused', (t) => {
  for (const origin of [
    'https://app.example.com/',
    'https://app.example.com/path',
    'https://*.*.example.com',
    'app example.com',
    'https://',
    'https://a.example:port',
  ]) {
    const problem = problemOf({ env: { CORS_ORIGINS: `https://fine.example,${origin}` } });
    assert.equal(problem.path, 'cors.origin');
    assert.match(problem.expected, /an origin such as https:\/\/app\.example\.com/);
  }
  const origins = '*,any,null,a.example,a.example:80,http://localhost:*,https://[::1]:8443,capacitor://localhost';
  assert.equal(load({ env: { CORS_ORIGINS: origins } }).settings.cors.origins.length, 8);
  const none = load({ configFile: jsonFile(t, { cors: { origin: [] } }) });
  assert.deepEqual(none.settings.cors.origins, []);
  assert.equal(problemOf({ configFile: jsonFile(t, { cors: { origin: [''] } }) }).path, 'cors.origin');
});

test('origins of an app are refused with their place', (t) => {
  const app = { id: '1', key: 'k', secret: 's', allowed_origins: ['https://a.example/x'] };
  assert.equal(problemOf({ configFile: appsFile(t, app) }).path, 'app_manager.array.apps[0].allowed_origins');
});

test('methods and headers have to be such', () => {
  const problems = problemsOf({ env: { CORS_METHODS: 'FETCH', CORS_HEADERS: 'no good' } });
  assert.deepEqual(
    problems.map(({ path }) => path),
    ['cors.methods', 'cors.allowed_headers'],
  );
});

test('an app may force TLS where a proxy has it', () => {
  const env = { SLUICE_DEFAULT_APP_FORCE_TLS: 'yes', TRUST_HOPS: '1' };
  assert.equal(load({ env }).settings.apps[0]?.forceTls, true);
  assert.match(problemOf({ env: { ...env, TRUST_HOPS: '0' } }).expected, /trust_hops/);
});
