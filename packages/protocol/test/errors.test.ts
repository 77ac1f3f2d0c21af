import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PROTOCOL_ERRORS, type ProtocolErrorName, protocolError } from '../src/errors.ts';

const NAMES = Object.keys(PROTOCOL_ERRORS) as ProtocolErrorName[];

function placeholders(name: ProtocolErrorName): number {
  return PROTOCOL_ERRORS[name].text.split('%s').length - 1;
}

describe('the registry of protocol errors', () => {
  for (const name of NAMES) {
    it(`fills every placeholder of ${name}`, () => {
      const parts = Array.from({ length: placeholders(name) }, (_, i) => `part${i}`);
      const { code, message } = protocolError(name, ...parts);
      assert.equal(code, PROTOCOL_ERRORS[name].code);
      for (const part of parts) assert.ok(message.includes(part), message);
      assert.doesNotMatch(message, /%s|undefined|null/);
      assert.notEqual(PROTOCOL_ERRORS[name].remedy, '');
    });
  }

  it('has no two errors of one text', () => {
    assert.equal(new Set(NAMES.map((name) => PROTOCOL_ERRORS[name].text)).size, NAMES.length);
  });

  it('CE-11, WL-06: has a code only for the rate of client events, a long watchlist and before a close, else null', () => {
    const coded = NAMES.filter((name) => PROTOCOL_ERRORS[name].code !== null);
    assert.deepEqual(coded, ['notAuthorised', 'watchlistTooLong', 'clientEventRate']);
    assert.equal(PROTOCOL_ERRORS.clientEventRate.code, 4301);
    assert.equal(PROTOCOL_ERRORS.watchlistTooLong.code, 4302);
  });

  const PUSHER_TEXTS: readonly (readonly [row: string, text: string, expected: string])[] = [
    [
      'SB-03',
      protocolError('existingSubscription', 'my-channel').message,
      'Existing subscription to channel my-channel',
    ],
    [
      'SB-06',
      protocolError('noSubscription', 'x').message,
      'No current subscription to channel x, or subscription in progress',
    ],
    [
      'AU-06',
      protocolError('invalidSignature', '1.2:private-x', 'bad').message,
      'Invalid signature: Expected HMAC SHA256 hex digest of 1.2:private-x, but got bad',
    ],
    ['AU-08', protocolError('authRequired', 'private-x').message, 'Auth info required to subscribe to private-x'],
    [
      'AU-09',
      protocolError('authMalformed', 'private-x').message,
      "Auth value for subscription to private-x is invalid: should be of format 'key:signature'",
    ],
    ['AU-10', protocolError('authUnknownKey', 'zzz').message, "Invalid key in subscription auth data: 'zzz'"],
    [
      'CE-06',
      protocolError('clientEventChannel').message,
      'Client event rejected - only supported on private and presence channels',
    ],
    [
      'CE-07',
      protocolError('clientEventNotSubscribed').message,
      "Client event rejected - you didn't subscribe to this channel",
    ],
    [
      'CE-08',
      protocolError('clientEventPrefix').message,
      "Client event rejected - client events must be prefixed by 'client-'",
    ],
    [
      'CE-10',
      protocolError('clientEventsDisabled').message,
      'To send client events, you must enable this feature in the Settings page of your dashboard.',
    ],
    ['HS-31', protocolError('unsupportedEvent', 'foo').message, 'Unsupported event received on socket: foo'],
  ];
  for (const [row, text, expected] of PUSHER_TEXTS) {
    it(`${row}: has the text of Pusher: ${expected}`, () => {
      assert.equal(text, expected);
    });
  }
});

describe('parts of a client in an error', () => {
  for (const part of ['%s', '%s%s%s', '$&', '$1', '$$', "$'", '$`', '%d', '\\', '"', '<b>', '\u2028']) {
    it(`stand as they are: ${JSON.stringify(part)}`, () => {
      assert.equal(protocolError('unsupportedEvent', part).message, `Unsupported event received on socket: ${part}`);
    });
  }

  it('are not taken for the placeholder of the next part', () => {
    assert.equal(
      protocolError('invalidSignature', '%s', '$&').message,
      'Invalid signature: Expected HMAC SHA256 hex digest of %s, but got $&',
    );
  });

  it('may be numbers', () => {
    assert.equal(
      protocolError('clientEventTooLarge', 10_241, 10_240).message,
      'Client event rejected - data is 10241 bytes, more than the allowed maximum (10240 bytes)',
    );
  });

  it('are cut after 200 characters', () => {
    assert.equal(
      protocolError('authUnknownKey', 'k'.repeat(200)).message,
      `Invalid key in subscription auth data: '${'k'.repeat(200)}'`,
    );
    assert.equal(
      protocolError('authUnknownKey', 'k'.repeat(201)).message,
      `Invalid key in subscription auth data: '${'k'.repeat(200)}…'`,
    );
    assert.ok(protocolError('invalidSignature', 'a'.repeat(1e6), 'b'.repeat(1e6)).message.length < 600);
  });

  it('AU-06: leave room for the longest signed string of a private channel', () => {
    const signed = `4294967295.4294967295:private-${'x'.repeat(156)}`;
    assert.ok(protocolError('invalidSignature', signed, 'bad').message.includes(`${signed}, but got bad`));
  });

  it('appear in full, up to the cut, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 90 }),
        fc.string({ unit: 'binary', maxLength: 90 }),
        (a, b) => {
          assert.equal(
            protocolError('invalidSignature', a, b).message,
            'Invalid signature: Expected HMAC SHA256 hex digest of ' + a + ', but got ' + b,
          );
        },
      ),
    );
  });
});
