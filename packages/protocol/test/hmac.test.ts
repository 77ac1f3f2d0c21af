import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { hmacSha256 } from '../src/hmac.ts';

describe('The HMAC of a text', () => {
  it('is that of RFC 4231, test case 2', () => {
    assert.equal(
      hmacSha256('Jefe', 'what do ya want for nothing?'),
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });

  for (const bytes of [0, 1, 63, 64, 65, 131]) {
    it(`is that of OpenSSL for a secret of ${bytes} bytes`, () => {
      const text = fc.string({ unit: 'binary', maxLength: 5000 });
      const secret = fc.string({ unit: fc.constantFrom('a', '~', '\0'), minLength: bytes, maxLength: bytes });
      fc.assert(
        fc.property(secret, text, (key, message) => {
          assert.equal(hmacSha256(key, message), ofOpenssl(key, message));
        }),
      );
    });
  }

  it('is that of OpenSSL for secrets beyond ASCII', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (key) => {
        assert.equal(hmacSha256(key, 'text'), ofOpenssl(key, 'text'));
      }),
    );
  });
});

function ofOpenssl(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}
