import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { load } from '../config/support.ts';

const FILE = fileURLToPath(new URL('../../../../config/nginx/sluice.conf', import.meta.url));

test('The figures in the configuration for Nginx go with the defaults of Sluice', () => {
  const text = readFileSync(FILE, 'utf8');
  const figures = (directive: string): number[] =>
    [...text.matchAll(new RegExp(`^ *${directive} (\\d+)[sm];`, 'gm'))].map(([, figure]) => Number(figure));
  const { activityTimeoutSeconds, pongTimeoutSeconds, httpApi } = load({}).settings;
  // Nginx must not be the one that ends a connection for its silence.
  const [forClients = 0] = figures('proxy_read_timeout');
  assert.ok(forClients > activityTimeoutSeconds + pongTimeoutSeconds);
  for (const directive of ['proxy_send_timeout', 'send_timeout']) assert.deepEqual(figures(directive), [forClients]);
  assert.equal((figures('client_max_body_size')[0] ?? 0) * 1024 * 1024, httpApi.maxRequestBytes);
});
