import assert from 'node:assert/strict';
import { test } from 'node:test';

import { authorityOf } from '../src/endpoint.ts';
import { parseOptions } from '../src/options.ts';

test('the host of a URL is what a socket connects to, and is written into requests as it stood in the URL', () => {
  for (const [url, host, authority] of [
    ['http://[::1]:6001/prefix/', '::1', '[::1]:6001'],
    ['ws://127.0.0.1:6001/prefix', '127.0.0.1', '127.0.0.1:6001'],
  ] as const) {
    const endpoint = parseOptions(['--url', url])?.url;
    assert.ok(endpoint);
    assert.deepEqual([endpoint.host, endpoint.port, endpoint.pathPrefix], [host, 6001, '/prefix']);
    assert.equal(authorityOf(endpoint), authority);
  }
});
