import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  channelStringToSign,
  isMd5Of,
  isSignatureOf,
  md5Hex,
  type QueryPair,
  requestStringToSign,
  sign,
  signinStringToSign,
  splitAuth,
} from '../src/signature.ts';

const SECRET = '7ad3773142a6692b25b8';

describe('channel and user signatures', () => {
  it('AU-01: signs a private channel as the Pusher documentation does', () => {
    const text = channelStringToSign('1234.1234', 'private-foobar', undefined);
    assert.equal(text, '1234.1234:private-foobar');
    assert.equal(sign(SECRET, text), '58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4');
  });

  it('AU-02: signs a presence channel over the exact channel_data', () => {
    const pusher = '{"user_id":10,"user_info":{"name":"Mr. Pusher"}}';
    const channels = '{"user_id":10,"user_info":{"name":"Mr. Channels"}}';
    const text = channelStringToSign('1234.1234', 'presence-foobar', pusher);
    assert.equal(text, `1234.1234:presence-foobar:${pusher}`);
    assert.equal(sign(SECRET, text), 'afaed3695da2ffd16931f457e338e6c9f2921fa133ce7dac49f529792be6304c');
    assert.equal(
      sign(SECRET, channelStringToSign('1234.1234', 'presence-foobar', channels)),
      '31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80',
    );
  });

  it('AU-03: signs a sign-in as the Pusher documentation does', () => {
    const text = signinStringToSign('1234.1234', '{"id":"12345"}');
    assert.equal(text, '1234.1234::user::{"id":"12345"}');
    assert.equal(sign(SECRET, text), '4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba');
  });

  // Digests that the suite of pusher-http-node states (tests/integration/pusher/authenticate.js).
  const NODE_VECTORS: readonly (readonly [secret: string, text: string, digest: string])[] = [
    ['tofu', '123.456::user::{"id":"45678"}', 'f4b1fdeea7c93e32648c7230e32b172057c5623cace6cfce791c6e7035e0babd'],
    ['1', '123.456::user::{"id":"45678"}', '79bddf29fe8e2153dd5d8d569b3f45e5aeb26ae2eb4758879d844791b466cfa2'],
    ['tofu', '1.1::user::{"id":"ą§¶™€łü€ß£"}', '620494cee53d6c568b49598313194088afda37218f0d059af03c0c898ed61ff4'],
    ['tofu', '123.456:test', 'efa6cf7644a0b35cba36aa0f776f3cbf7bb60e95ea2696bde1dbe8403b61bd7c'],
    ['tofu', '321.654:test', 'f6ecb0a17d3e4f68aca28f1673197a7608587c09deb0208faa4b5519aee0a777'],
    ['2', '123.456:test', '269bbf3f7625db4e0d0525b617efa5915c3ae667fd222dc8e4cb94bc531f26f2'],
    ['tofu', '123.456:test:{"foo":"bar"}', 'f41faf9ead2ea76772cc6b1168363057459f02499ae4d92e88229dc7f4efa2d4'],
    ['tofu', '1.1:test:"ą§¶™€łü€ß£"', '2a229263e89d9c50524fd80c2e88be2843379f6931e28995e2cc214282c9db0c'],
    ['tofu', '123.456:private-encrypted-bla:"foo"', '962c48b78bf93d98ff4c92ee7dff04865821455b7b401e9d60a9e0a90af2c105'],
    // Computed with Python's hmac: an astral character in the text, then one in the secret.
    [
      'tofu',
      '1234.1234:presence-canal:{"user_id":"ÀÉÎ-ünïcødé-日本-😀"}',
      'a1b4553c70968e62f864f50dee971b037a978b7eefdecdea62d7c311392e401f',
    ],
    ['sécret 😀', '1.1:private-x', 'c14cb6dbcf7c85f5c694cc19f07363892ac003869647c6d6097a6ac87b46778f'],
  ];
  for (const [secret, text, digest] of NODE_VECTORS) {
    it(`AU-04: signs ${text} with the secret ${secret} in UTF-8`, () => {
      assert.equal(sign(secret, text), digest);
      assert.equal(isSignatureOf(digest, secret, text), true);
    });
  }

  it('AU-15: keeps the colon before an empty channel_data', () => {
    assert.equal(channelStringToSign('123.456', 'private-x', ''), '123.456:private-x:');
    assert.equal(
      sign('tofu', channelStringToSign('123.456', 'private-x', '')),
      '96c8622326ed5dc9ad93181a12f73a64203206ecfe5c9a4bb82ae223e2a88ad0',
    );
  });
});

describe('comparing a signature', () => {
  const text = '1234.1234:private-foobar';
  const right = sign(SECRET, text);

  it('AU-23: takes the lower-case digest and refuses it in upper case', () => {
    assert.equal(isSignatureOf(right, SECRET, text), true);
    assert.equal(isSignatureOf(right.toUpperCase(), SECRET, text), false);
  });

  const wrong: readonly (readonly [what: string, signature: string])[] = [
    ['an empty signature', ''],
    ['one that is a character short', right.slice(0, -1)],
    ['one with a character more', `${right}0`],
    ['one twice as long', right + right],
    ['one with a space behind', `${right} `],
    ['one with another last digit', right.slice(0, -1) + (right.endsWith('0') ? '1' : '0')],
    ['one with another first digit', (right.startsWith('0') ? '1' : '0') + right.slice(1)],
    ['64 characters that are more bytes in UTF-8', 'é'.repeat(64)],
    ['characters of more than one byte that come to 64 bytes', 'é'.repeat(32)],
    [
      'characters whose low byte is the right one',
      [...right].map((c) => String.fromCharCode(c.charCodeAt(0) + 0x100)).join(''),
    ],
    ['half a surrogate pair', '\ud800'.repeat(64)],
  ];
  for (const [what, signature] of wrong) {
    it(`AU-26: refuses ${what}, without an exception`, () => {
      assert.equal(isSignatureOf(signature, SECRET, text), false);
    });
  }

  it('refuses the signature of another text or another secret', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        fc.pre(a !== b);
        assert.equal(isSignatureOf(sign(SECRET, a), SECRET, a), true);
        assert.equal(isSignatureOf(sign(SECRET, a), SECRET, b), false);
        assert.equal(isSignatureOf(sign(`${SECRET}x`, a), SECRET, a), false);
      }),
    );
  });
});

describe('the string that a request signs', () => {
  const REST: readonly QueryPair[] = [
    ['auth_key', '278d425bdf160c739803'],
    ['auth_timestamp', '1353088179'],
    ['auth_version', '1.0'],
    ['body_md5', 'ec365a775a4cd0599faeb73354201b6f'],
  ];
  const REST_TEXT =
    'POST\n/apps/3/events\nauth_key=278d425bdf160c739803&auth_timestamp=1353088179&auth_version=1.0' +
    '&body_md5=ec365a775a4cd0599faeb73354201b6f';
  const REST_SIGNATURE = 'da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c';

  it('HA-01: gives the signature of the example in the REST documentation', () => {
    const text = requestStringToSign('POST', '/apps/3/events', REST);
    assert.equal(text, REST_TEXT);
    assert.equal(sign(SECRET, text), REST_SIGNATURE);
  });

  it('HA-01: gives the body MD5 of the example, over the raw bytes', () => {
    const body = Buffer.from('{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}');
    assert.equal(md5Hex(body), 'ec365a775a4cd0599faeb73354201b6f');
    assert.equal(isMd5Of('ec365a775a4cd0599faeb73354201b6f', body), true);
    assert.equal(isMd5Of('EC365A775A4CD0599FAEB73354201B6F', body), false);
    assert.equal(isMd5Of('', body), false);
    assert.equal(md5Hex(new Uint8Array(0)), 'd41d8cd98f00b204e9800998ecf8427e');
  });

  it('is the same with and without the signature itself, whatever the case of its name', () => {
    for (const name of ['auth_signature', 'AUTH_SIGNATURE', 'Auth_Signature']) {
      assert.equal(requestStringToSign('POST', '/apps/3/events', [[name, REST_SIGNATURE], ...REST]), REST_TEXT);
    }
    assert.notEqual(requestStringToSign('POST', '/apps/3/events', [['auth_signature2', 'x'], ...REST]), REST_TEXT);
  });

  it('does not depend on the order of distinct names', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...REST], { minLength: REST.length }), (query) => {
        assert.equal(requestStringToSign('POST', '/apps/3/events', query), REST_TEXT);
      }),
    );
  });

  it('puts names in lower case before sorting, and leaves the case of values', () => {
    assert.equal(
      requestStringToSign('get', '/apps/3/Channels', [
        ['B', 'Xy'],
        ['a', 'Zz'],
        ['C', ''],
      ]),
      'GET\n/apps/3/Channels\na=Zz&b=Xy&c=',
    );
  });

  it('sorts by characters and not by locale', () => {
    assert.equal(
      requestStringToSign('GET', '/p', [
        ['b', '1'],
        ['_', '2'],
        ['a_b', '3'],
        ['a', '4'],
        ['a1', '5'],
      ]),
      'GET\n/p\n_=2&a=4&a1=5&a_b=3&b=1',
    );
  });

  it('keeps the order of the values of a repeated name', () => {
    assert.equal(
      requestStringToSign('POST', '/p', [
        ['z', '1'],
        ['k[]', 'b'],
        ['k[]', 'a'],
        ['K[]', 'c'],
      ]),
      'POST\n/p\nk[]=b&k[]=a&k[]=c&z=1',
    );
  });

  it('leaves values unescaped', () => {
    assert.equal(
      requestStringToSign('GET', '/p', [
        ['info', 'user_count,subscription_count'],
        ['q', 'a&b=c d+é%'],
      ]),
      'GET\n/p\ninfo=user_count,subscription_count&q=a&b=c d+é%',
    );
  });

  it('ends in a line break where there are no parameters', () => {
    assert.equal(requestStringToSign('GET', '/apps/3/channels', []), 'GET\n/apps/3/channels\n');
    assert.equal(requestStringToSign('GET', '/p', [['auth_signature', 'x']]), 'GET\n/p\n');
  });

  it('does not change the list that it was given', () => {
    const query: QueryPair[] = [
      ['b', '1'],
      ['A', '2'],
    ];
    requestStringToSign('GET', '/p', query);
    assert.deepEqual(query, [
      ['b', '1'],
      ['A', '2'],
    ]);
  });
});

describe('the halves of an auth value', () => {
  it('are parted at the first colon', () => {
    assert.deepEqual(splitAuth('key:signature'), { key: 'key', signature: 'signature' });
    assert.deepEqual(splitAuth('key:a:b'), { key: 'key', signature: 'a:b' });
  });

  for (const auth of ['', ':', 'key', 'key:', ':signature', '::']) {
    it(`AU-09: do not exist in ${JSON.stringify(auth)}`, () => {
      assert.equal(splitAuth(auth), undefined);
    });
  }
});
