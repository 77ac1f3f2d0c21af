import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CLOSE, type CloseReason } from '../src/close-codes.ts';

/** RFC 6455 §5.5: a control frame carries at most 125 bytes, two of them the code. */
const MAX_REASON_BYTES = 123;

function reasons(key: string): readonly (readonly [name: string, reason: CloseReason])[] {
  return Object.entries(CLOSE).map(([name, reason]) => [name, typeof reason === 'function' ? reason(key) : reason]);
}

describe('close codes', () => {
  it('HS-24: are all below 4300, which pusher-js takes for a refusal', () => {
    for (const [name, { code }] of reasons('k')) {
      assert.ok(code < 4300, name);
      assert.ok(code === 1003 || code >= 4000, name);
    }
  });

  it('have the numbers of the Pusher protocol', () => {
    const codes = Object.fromEntries(reasons('k').map(([name, { code }]) => [name, code]));
    assert.deepEqual(codes, {
      tlsOnly: 4000,
      unknownApp: 4001,
      appDisabled: 4003,
      overConnectionQuota: 4004,
      pathNotFound: 4005,
      invalidVersion: 4006,
      unsupportedProtocol: 4007,
      noProtocol: 4008,
      overCapacity: 4100,
      slowConsumer: 4100,
      reconnect: 4200,
      pongTimeout: 4201,
      inactive: 4202,
      userTerminated: 4009,
      originNotAllowed: 4009,
      notAuthorised: 4009,
      binaryFrame: 1003,
    });
  });

  it('HS-08: names the unknown key in the words of Pusher', () => {
    assert.deepEqual(CLOSE.unknownApp('nope'), {
      code: 4001,
      reason: 'App key nope not in this cluster. Did you forget to specify the cluster?',
    });
    assert.ok(CLOSE.unknownApp('278d425bdf160c739803').reason.includes('278d425bdf160c739803'));
  });

  it('PG-06: says why in the words of the specification', () => {
    assert.equal(CLOSE.pongTimeout.reason, 'Pong reply not received');
    assert.equal(CLOSE.inactive.reason, 'Closed after inactivity');
    assert.equal(CLOSE.overConnectionQuota.reason, 'Application is over connection quota');
  });

  for (const [what, key] of [
    ['a long key', 'k'.repeat(10_000)],
    ['a long key of two-byte characters', 'é'.repeat(10_000)],
    ['a long key of three-byte characters', '日'.repeat(10_000)],
    ['a long key of emoji', '😀'.repeat(10_000)],
    ['a key of forty three-byte characters', '日'.repeat(40)],
    ['an emoji across the cut', `${'k'.repeat(39)}😀😀`],
    ['lone surrogates', '\ud800'.repeat(100)],
  ] as const) {
    it(`fit a close frame with ${what}, as valid UTF-8`, () => {
      for (const [name, { reason }] of reasons(key)) {
        assert.ok(Buffer.byteLength(reason) <= MAX_REASON_BYTES, `${name}: ${Buffer.byteLength(reason)} bytes`);
      }
    });
  }

  it('fit a close frame whatever the key is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (key) => {
        const { reason } = CLOSE.unknownApp(key);
        assert.ok(Buffer.byteLength(reason) <= MAX_REASON_BYTES);
        assert.equal(Buffer.from(reason).toString(), reason);
      }),
    );
  });
});
