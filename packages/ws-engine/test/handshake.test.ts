import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readHandshake } from '../src/handshake.ts';

const RULES = { pathPrefix: '', allowMissingProtocol: false };

function codeOf(url: string, rules = RULES): number | undefined {
  const handshake = readHandshake(url, rules);
  return 'refusal' in handshake ? handshake.refusal.reason.code : undefined;
}

describe('a handshake', () => {
  it('gives the key and the protocol', () => {
    const url = '/app/the-key?protocol=7&client=js&version=8.6.0&flash=false';
    assert.deepEqual(readHandshake(url, RULES), { key: 'the-key', protocol: 7 });
  });

  it('HS-40: decodes the key', () => {
    assert.deepEqual(readHandshake('/app/a%2Fb%20c?protocol=7', RULES), { key: 'a/b c', protocol: 7 });
  });

  for (const path of ['/', '/app', '/app/', '/nope', '/app/key/more', '/APP/key', '/app/%zz', '/x/app/key']) {
    it(`HS-13: is closed with 4005 for ${path}`, () => {
      assert.equal(codeOf(`${path}?protocol=7`), 4005);
    });
  }

  for (const version of ['abc', '', '7.0', '-7', '0x7', '7 ', '1e1', '99999999999']) {
    it(`HS-14: is closed with 4006 for protocol=${version}`, () => {
      assert.equal(codeOf(`/app/key?protocol=${version}`), 4006);
    });
  }

  for (const version of [0, 1, 2, 3, 8, 99]) {
    it(`HS-15, HS-16: is closed with 4007 for protocol=${version}`, () => {
      assert.equal(codeOf(`/app/key?protocol=${version}`), 4007);
    });
  }

  for (const version of [4, 5, 6, 7]) {
    it(`HS-17: is accepted for protocol=${version}`, () => {
      assert.equal(codeOf(`/app/key?protocol=${version}`), undefined);
    });
  }

  it('HS-18: is closed with 4008 without a protocol, unless that is allowed', () => {
    assert.equal(codeOf('/app/key'), 4008);
    const lenient = { pathPrefix: '', allowMissingProtocol: true };
    assert.deepEqual(readHandshake('/app/key', lenient), { key: 'key', protocol: 7 });
    assert.equal(codeOf('/app/key?protocol=3', lenient), 4007);
  });

  it('HS-26: is looked for behind the path prefix, and only there', () => {
    const rules = { pathPrefix: '/prefix', allowMissingProtocol: false };
    assert.deepEqual(readHandshake('/prefix/app/key?protocol=7', rules), { key: 'key', protocol: 7 });
    assert.equal(codeOf('/app/key?protocol=7', rules), 4005);
  });

  it('has the protocol that the query has, however it is written', () => {
    const part = fc.constantFrom(
      'protocol',
      'protocols',
      '=',
      '=',
      '&',
      '&',
      '4',
      '7',
      '',
      '?',
      '+',
      '%37',
      '%70rotocol',
      '#',
      'ü',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 9 }), (parts) => {
        const query = parts.join('');
        const version = new URLSearchParams(query).get('protocol');
        const expected =
          version === null
            ? 4008
            : version === '4' || version === '7'
              ? undefined
              : codeOf(`/app/key?protocol=${encodeURIComponent(version)}`);
        assert.equal(codeOf(`/app/key?${query}`), expected);
      }),
      { numRuns: 5000 },
    );
  });

  it('remembers what a refused client speaks, since before protocol 6 it wants an error first', () => {
    assert.equal(readHandshake('/nope?protocol=5', RULES).protocol, 5);
  });
});
