import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allowsOrigin } from '../src/index.ts';

/** By pattern: origins that it lets in, and origins that it does not. */
const CASES: readonly (readonly [string, readonly (string | undefined)[], readonly (string | undefined)[]])[] = [
  ['*', ['https://a.example', 'null', undefined], []],
  ['any', ['https://a.example', undefined], []],
  [
    'https://app.example.com',
    ['https://app.example.com', 'HTTPS://App.Example.com'],
    [
      'http://app.example.com',
      'https://app.example.com:8443',
      'https://app.example.com.evil.test',
      'https://evil.test/https://app.example.com',
      'https://xapp.example.com',
      '',
      undefined,
    ],
  ],
  [
    'example.com',
    ['http://example.com', 'https://example.com', 'capacitor://example.com'],
    ['https://example.com:8443', 'https://www.example.com', 'https://notexample.com', undefined],
  ],
  ['example.com:8443', ['https://example.com:8443'], ['https://example.com']],
  [
    '*.example.com',
    ['https://example.com', 'http://a.example.com', 'https://a.b.example.com'],
    [
      'https://notexample.com',
      'https://example.com.evil.test',
      'https://a.example.com:8443',
      'https://evil/.example.com',
    ],
  ],
  [
    'https://*.example.com',
    ['https://a.example.com'],
    ['https://example.com', 'http://a.example.com', 'https://evil.test/a.example.com'],
  ],
  [
    'http://localhost:*',
    ['http://localhost:3000'],
    ['http://localhost', 'http://localhost.evil.test:80', 'https://localhost:3000'],
  ],
  ['https://app-*.example.com', ['https://app-7.example.com'], ['https://app-7.evil.test', 'https://app.example.com']],
  ['null', ['null'], ['https://null.example', undefined]],
];

describe('allowed origins', () => {
  for (const [pattern, allowed, refused] of CASES) {
    it(`${pattern} means what its documentation says`, () => {
      for (const origin of allowed) assert.equal(allowsOrigin([pattern], origin), true, String(origin));
      for (const origin of refused) assert.equal(allowsOrigin([pattern], origin), false, String(origin));
    });
  }

  it('are all where there is no pattern, and the sum of several patterns', () => {
    assert.equal(allowsOrigin([], undefined), true);
    assert.equal(allowsOrigin([], 'https://a.example'), true);
    assert.equal(allowsOrigin(['a.example', 'b.example'], 'https://b.example'), true);
    assert.equal(allowsOrigin(['a.example', 'b.example'], 'https://c.example'), false);
  });
});
