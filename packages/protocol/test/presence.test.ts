import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isJsonObject } from '../src/json.ts';
import { PUSHER_LIMITS } from '../src/limits.ts';
import { type Member, parseChannelData, parseUserData } from '../src/presence.ts';

const MAX_BYTES = PUSHER_LIMITS.presenceMemberBytes;

function memberOf(text: string, maxInfoBytes: number = MAX_BYTES): Member {
  const result = parseChannelData(text, maxInfoBytes);
  assert.ok('member' in result, `refused: ${JSON.stringify(result)}`);
  return result.member;
}

function problemOf(text: string, maxInfoBytes: number = MAX_BYTES): string {
  const result = parseChannelData(text, maxInfoBytes);
  assert.ok('problem' in result, `taken: ${JSON.stringify(result)}`);
  return result.problem;
}

describe('the user id of channel_data', () => {
  const IDS: readonly (readonly [text: string, userId: string])[] = [
    ['{"user_id":"1"}', '1'],
    ['{"user_id":10}', '10'],
    ['{"user_id":"10"}', '10'],
    ['{"user_id":0}', '0'],
    ['{"user_id":-7}', '-7'],
    ['{"user_id":1.5}', '1.5'],
    ['{"user_id":" "}', ' '],
    ['{"user_id":"Zoë 😀"}', 'Zoë 😀'],
    // PR-28: what would be dangerous as a key of a plain object.
    ['{"user_id":"__proto__"}', '__proto__'],
    ['{"user_id":"constructor"}', 'constructor'],
    ['{"user_id":"toString"}', 'toString'],
    ['{"user_id":"1","__proto__":{"user_id":"2"}}', '1'],
  ];
  for (const [text, userId] of IDS) {
    it(`PR-09: is ${JSON.stringify(userId)} in ${text}`, () => {
      assert.deepEqual(memberOf(text), { userId, info: 'null' });
    });
  }

  it('PR-10: is the same as a number and as a string', () => {
    assert.deepEqual(memberOf('{"user_id":10}'), memberOf('{"user_id":"10"}'));
  });

  for (const text of [
    '{}',
    '{"user_id":""}',
    '{"user_id":null}',
    '{"user_id":true}',
    '{"user_id":[]}',
    '{"user_id":["1"]}',
    '{"user_id":{}}',
    '{"id":"1"}',
    '{"USER_ID":"1"}',
    '{"__proto__":{"user_id":"1"}}',
  ]) {
    it(`PR-16: is missing in ${text}`, () => {
      assert.equal(problemOf(text), 'user_id has to be a non-empty string or a number');
    });
  }

  for (const number of ['9007199254740993', '-1e300', '1e400']) {
    it(`is refused as the number ${number}, which JSON has rounded`, () => {
      assert.equal(
        problemOf(`{"user_id":${number}}`),
        'user_id is a number too large to be exact; send it as a string',
      );
    });
  }

  it('PR-20: may have 128 characters and not 129', () => {
    assert.equal(memberOf(JSON.stringify({ user_id: 'u'.repeat(128) })).userId.length, 128);
    assert.equal(problemOf(JSON.stringify({ user_id: 'u'.repeat(129) })), 'user_id has more than 128 characters');
  });
});

describe('channel_data', () => {
  for (const text of ['', 'not json', '{', 'undefined']) {
    it(`PR-15: is refused where it is not JSON: ${JSON.stringify(text)}`, () => {
      assert.equal(problemOf(text), 'not valid JSON');
    });
  }

  for (const text of ['[]', '1', 'null', '"x"', '[{"user_id":"1"}]', '"{\\"user_id\\":\\"1\\"}"']) {
    it(`is refused where it is no object: ${text}`, () => {
      assert.equal(problemOf(text), 'expected a JSON object');
    });
  }

  it('is refused where it is nested too deep', () => {
    const text = `{"user_id":"1","user_info":${'['.repeat(64)}${']'.repeat(64)}}`;
    assert.equal(problemOf(text), 'nested deeper than 64 levels');
  });

  for (const info of [
    'null',
    'false',
    '0',
    '""',
    '[]',
    '[1,"a",null]',
    '"a string"',
    '{"a":{"b":[1,{"c":null}]}}',
    '{"n":"Zoë 😀"}',
    '{"__proto__":{"x":1}}',
  ]) {
    it(`PR-29: passes user_info on unchanged: ${info}`, () => {
      assert.equal(memberOf(`{"user_id":"1","user_info":${info}}`).info, info);
    });
  }

  it('PR-11: has the info null where user_info is absent', () => {
    assert.equal(memberOf('{"user_id":"1"}').info, 'null');
  });

  it('PR-19: may have a user_info of 1024 bytes and not 1025', () => {
    const withInfo = (info: string): string => JSON.stringify({ user_id: '1', user_info: info });
    // Two of the bytes are the quotes.
    assert.equal(Buffer.byteLength(memberOf(withInfo('x'.repeat(1022))).info), 1024);
    assert.equal(problemOf(withInfo('x'.repeat(1023))), 'user_info has more than 1024 bytes');
    assert.equal(Buffer.byteLength(memberOf(withInfo('é'.repeat(511))).info), 1024);
    assert.equal(problemOf(withInfo('é'.repeat(512))), 'user_info has more than 1024 bytes');
    assert.equal(memberOf(withInfo('x'.repeat(8)), 10).info.length, 10);
    assert.equal(problemOf(withInfo('x'.repeat(9)), 10), 'user_info has more than 10 bytes');
  });

  it('gives any id and any info back', () => {
    const anyId = fc.string({ unit: 'binary', minLength: 1, maxLength: 64 });
    fc.assert(
      fc.property(anyId, fc.jsonValue({ maxDepth: 4 }), (userId, info) => {
        const text = JSON.stringify({ user_info: info, user_id: userId, ignored: 1 });
        const member = memberOf(text, 1e6);
        assert.equal(member.userId, userId);
        assert.equal(member.info, JSON.stringify(info));
      }),
    );
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
        const result = parseChannelData(text, MAX_BYTES);
        assert.ok('member' in result !== 'problem' in result);
      }),
    );
  });
});

describe('user_data', () => {
  it('has an id, any user_info and a watchlist, other members are ignored', () => {
    const text = '{"id":"12345","user_info":{"name":"A"},"watchlist":["7",8,"7"],"x":1}';
    assert.deepEqual(parseUserData(text), { user: { id: '12345', info: '{"name":"A"}' }, watchlist: ['7', '8'] });
    assert.deepEqual(parseUserData('{"id":"__proto__"}'), { user: { id: '__proto__', info: 'null' }, watchlist: [] });
  });

  for (const text of [
    '{}',
    '{"id":""}',
    '{"id":5}',
    '{"id":null}',
    '{"id":["a"]}',
    '{"id":{}}',
    '{"id":true}',
    '{"user_id":"1"}',
    '{"__proto__":{"id":"1"}}',
  ]) {
    it(`SI-03: is refused without a string id: ${text}`, () => {
      assert.deepEqual(parseUserData(text), { problem: 'id has to be a non-empty string' });
    });
  }

  for (const watchlist of ['2', ['2', ''], [{}], { 0: '2' }, [2 ** 53], ['u'.repeat(129)]]) {
    it(`is refused with a watchlist that is none: ${JSON.stringify(watchlist).slice(0, 30)}`, () => {
      const text = JSON.stringify({ id: '1', watchlist });
      assert.deepEqual(parseUserData(text), { problem: 'watchlist has to be a list of user ids' });
    });
  }

  it('SI-03: is refused where it is no JSON object', () => {
    assert.deepEqual(parseUserData('nope'), { problem: 'not valid JSON' });
    for (const text of ['[]', '1', 'null', '"x"'])
      assert.deepEqual(parseUserData(text), { problem: 'expected a JSON object' });
  });

  it('may have an id of 128 characters and not 129', () => {
    assert.ok('user' in parseUserData(JSON.stringify({ id: 'u'.repeat(128) })));
    assert.deepEqual(parseUserData(JSON.stringify({ id: 'u'.repeat(129) })), {
      problem: 'id has more than 128 characters',
    });
  });

  it('never throws, and its info is always JSON', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.jsonValue().map((info) => JSON.stringify({ id: 'a', user_info: info })),
        ),
        (text) => {
          const result = parseUserData(text);
          if ('user' in result) assert.doesNotThrow(() => JSON.parse(result.user.info));
          else assert.ok(isJsonObject(result));
        },
      ),
    );
  });
});
