import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CHANNEL_KINDS, type ChannelKind, needsSignature, parseChannelName } from '../src/channel-name.ts';
import { PUSHER_LIMITS } from '../src/limits.ts';

const MAX = PUSHER_LIMITS.channelNameLength;
const ALLOWED = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-=@,.;';

const KINDS: readonly (readonly [name: string, kind: ChannelKind, cached: boolean])[] = [
  ['my-channel', 'public', false],
  ['123', 'public', false],
  ['a', 'public', false],
  ['cache-x', 'public', true],
  ['cache-', 'public', true],
  ['private-x', 'private', false],
  ['private-', 'private', false],
  ['private-cache-x', 'private', true],
  ['private-encrypted-x', 'encrypted', false],
  ['private-encrypted-cache-x', 'encrypted', true],
  ['presence-x', 'presence', false],
  ['presence-cache-x', 'presence', true],
  // A prefix counts only at the start and with its dash.
  ['my-cache-x', 'public', false],
  ['my-private-x', 'public', false],
  ['xpresence-y', 'public', false],
  ['private', 'public', false],
  ['presence', 'public', false],
  ['cache', 'public', false],
  ['privatefoo', 'public', false],
  ['PRIVATE-x', 'public', false],
  ['Presence-x', 'public', false],
  ['cachefoo', 'public', false],
  ['private-my-cache-x', 'private', false],
  ['private-encryptedfoo', 'private', false],
  ['private-encrypted', 'private', false],
  ['private-cachefoo', 'private', false],
  ['private-presence-x', 'private', false],
  ['private-encrypted-cachefoo', 'encrypted', false],
  ['private-encrypted-my-cache-x', 'encrypted', false],
  ['private-cache-encrypted-x', 'private', true],
  ['presence-encrypted-x', 'presence', false],
  ['presence-my-cache-x', 'presence', false],
  ['presence-cachefoo', 'presence', false],
  ['cache-private-x', 'public', true],
];

describe('the kind of a channel', () => {
  for (const [raw, kind, cached] of KINDS) {
    it(`AU-22: ${raw} is ${kind}, ${cached ? 'with' : 'without'} a cache`, () => {
      assert.deepEqual(parseChannelName(raw, MAX), { raw, kind, cached, userId: null });
    });
  }

  it('is one of the listed kinds, and only private, presence and encrypted channels need a signature', () => {
    const signed = CHANNEL_KINDS.filter(needsSignature);
    assert.deepEqual(signed, ['private', 'presence', 'encrypted']);
    assert.equal(new Set(CHANNEL_KINDS).size, 5);
  });
});

describe('the alphabet of channel names', () => {
  it('SB-11: takes every allowed character, alone and together', () => {
    for (const c of ALLOWED) assert.equal(parseChannelName(c, MAX)?.kind, 'public', c);
    assert.ok(parseChannelName('foo-bar_1234@=,.;', MAX));
    assert.ok(parseChannelName(ALLOWED, MAX));
  });

  it('SB-12: refuses every other character of the first 65 536, wherever it stands', () => {
    for (let code = 0; code <= 0xffff; code++) {
      const c = String.fromCharCode(code);
      if (ALLOWED.includes(c)) continue;
      if (parseChannelName(`a${c}b`, MAX) !== undefined) assert.fail(`took U+${code.toString(16)} inside`);
      if (parseChannelName(`ab${c}`, MAX) !== undefined) assert.fail(`took U+${code.toString(16)} at the end`);
      if (parseChannelName(`${c}ab`, MAX) !== undefined) assert.fail(`took U+${code.toString(16)} in front`);
    }
  });

  for (const name of ['', 'a:b', 'a b', 'a/b', 'a#b', 'é', 'x\n', '\nx', 'private-\n', '日本', '😀', 'a"b', 'a\\b']) {
    it(`SB-12: refuses ${JSON.stringify(name)}`, () => {
      assert.equal(parseChannelName(name, MAX), undefined);
    });
  }

  it('accepts a name exactly when all its characters are allowed and there is at least one', () => {
    const unit = fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...ALLOWED) },
      { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 1 }) },
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 30 }), (units) => {
        const raw = units.join('');
        const expected = raw !== '' && [...raw].every((c) => ALLOWED.includes(c));
        assert.equal(parseChannelName(raw, MAX) !== undefined, expected);
      }),
    );
  });
});

describe('the length of channel names', () => {
  for (const prefix of ['', 'private-', 'presence-cache-', 'private-encrypted-cache-']) {
    it(`SB-10: 164 characters are taken and 165 refused, the prefix "${prefix}" included`, () => {
      assert.ok(parseChannelName(prefix + 'x'.repeat(164 - prefix.length), MAX));
      assert.equal(parseChannelName(prefix + 'x'.repeat(165 - prefix.length), MAX), undefined);
    });
  }

  it('follows the limit that it is given', () => {
    assert.ok(parseChannelName('abc', 3));
    assert.equal(parseChannelName('abcd', 3), undefined);
  });
});

describe('names that begin with #', () => {
  for (const name of [
    '#',
    '#foo',
    '#server-to-user',
    '#server-to-user-',
    '#Server-to-user-1',
    '##server-to-user-1',
    'a#server-to-user-1',
  ]) {
    it(`SB-13: refuses ${name}`, () => {
      assert.equal(parseChannelName(name, MAX), undefined);
    });
  }

  it('SI-15: reads the user of a #server-to-user- channel, with every character an id may have', () => {
    for (const userId of ['12345', 'A', 'a=b@c.d,e;f-g_h', 'private-x', '-']) {
      const raw = `#server-to-user-${userId}`;
      assert.deepEqual(parseChannelName(raw, MAX), { raw, kind: 'user', cached: false, userId });
    }
  });

  it('refuses a user id outside the alphabet', () => {
    for (const userId of ['a b', 'a:b', '#', 'é', 'x\n', 'a/b']) {
      assert.equal(parseChannelName(`#server-to-user-${userId}`, MAX), undefined, JSON.stringify(userId));
    }
  });

  it('has room for a user id of 128 characters within the documented limit', () => {
    assert.equal(parseChannelName(`#server-to-user-${'u'.repeat(128)}`, MAX)?.kind, 'user');
    assert.equal(parseChannelName(`#server-to-user-${'u'.repeat(149)}`, MAX), undefined);
  });
});
