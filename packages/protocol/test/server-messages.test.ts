import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isJsonObject, type JsonObject } from '../src/json.ts';
import type { Member } from '../src/presence.ts';
import * as messages from '../src/server-messages.ts';

/** Hostile text: any code point, plus much that JSON or a careless encoder could stumble over, lone surrogates too. */
const hostile = fc.string({
  unit: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        '"',
        '\\',
        '\n',
        '\u0000',
        '\u001f',
        '\u2028',
        '\u2029',
        '😀',
        '\ud800',
        '\udfff',
        '\u00e9',
        '</script>',
        '${x}',
        '$&',
        '%s',
      ),
    },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
  ),
  maxLength: 40,
});
const channel = fc.string({
  unit: fc.constantFrom(...'ABCXYZabcxyz0129_-=@,.;'),
  minLength: 1,
  maxLength: 20,
});
const userId = fc.oneof(
  hostile.filter((id) => id !== ''),
  fc.constantFrom('__proto__', 'constructor', 'toString', '0', '-1'),
);
const info = fc.oneof(fc.jsonValue({ maxDepth: 3 }), hostile);

/** As a client reads it: the bytes of the wire, then JSON; and `data`, which has to be a string, again. */
function read(text: string): { readonly frame: JsonObject; readonly data: JsonObject } {
  const frame: unknown = JSON.parse(Buffer.from(text).toString());
  assert.ok(isJsonObject(frame));
  assert.equal(typeof frame['data'], 'string');
  const data: unknown = JSON.parse(String(frame['data']));
  assert.ok(isJsonObject(data));
  return { frame, data };
}

describe('the literal text', () => {
  const A: Member = { userId: '1', info: '{"name":"A"}' };
  const B: Member = { userId: '2', info: 'null' };
  const LITERALS: readonly (readonly [what: string, text: string, literal: string])[] = [
    [
      'HS-01: of the greeting',
      messages.connectionEstablished('123.456', 120),
      '{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"123.456\\",\\"activity_timeout\\":120}"}',
    ],
    [
      'HS-06: of the greeting of an old client',
      messages.connectionEstablished('123.456', null),
      '{"event":"pusher:connection_established","data":"{\\"socket_id\\":\\"123.456\\"}"}',
    ],
    ['PG-03: of a pong', messages.PONG, '{"event":"pusher:pong","data":"{}"}'],
    [
      'SB-01: of a confirmation',
      messages.subscriptionSucceeded('my-channel'),
      '{"event":"pusher_internal:subscription_succeeded","channel":"my-channel","data":"{}"}',
    ],
    [
      'PR-01: of a presence confirmation',
      messages.presenceSucceeded('presence-x', [A, B]),
      '{"event":"pusher_internal:subscription_succeeded","channel":"presence-x","data":"{\\"presence\\":{\\"count\\":2,\\"ids\\":[\\"1\\",\\"2\\"],\\"hash\\":{\\"1\\":{\\"name\\":\\"A\\"},\\"2\\":null}}}"}',
    ],
    [
      'of a presence confirmation without members',
      messages.presenceSucceeded('presence-x', []),
      '{"event":"pusher_internal:subscription_succeeded","channel":"presence-x","data":"{\\"presence\\":{\\"count\\":0,\\"ids\\":[],\\"hash\\":{}}}"}',
    ],
    [
      'PR-02: of a member added',
      messages.memberAdded('presence-x', A),
      '{"event":"pusher_internal:member_added","channel":"presence-x","data":"{\\"user_id\\":\\"1\\",\\"user_info\\":{\\"name\\":\\"A\\"}}"}',
    ],
    [
      'PR-11: of a member added without info',
      messages.memberAdded('presence-x', B),
      '{"event":"pusher_internal:member_added","channel":"presence-x","data":"{\\"user_id\\":\\"2\\",\\"user_info\\":null}"}',
    ],
    [
      'PR-03: of a member removed',
      messages.memberRemoved('presence-x', '2'),
      '{"event":"pusher_internal:member_removed","channel":"presence-x","data":"{\\"user_id\\":\\"2\\"}"}',
    ],
    [
      'of an event',
      messages.channelEvent('"my-event"', 'my-channel', '"{\\"a\\": 1}"'),
      '{"event":"my-event","channel":"my-channel","data":"{\\"a\\": 1}"}',
    ],
    [
      'CE-01: of a client event',
      messages.clientEvent({ event: 'client-x', channel: 'private-x', data: '{"a":1}' }, null),
      '{"event":"client-x","channel":"private-x","data":"{\\"a\\":1}"}',
    ],
    [
      'CE-03: of a client event on a presence channel',
      messages.clientEvent({ event: 'client-x', channel: 'presence-x', data: 'hi' }, '1'),
      '{"event":"client-x","channel":"presence-x","data":"hi","user_id":"1"}',
    ],
    [
      'of an error without a code',
      messages.errorMessage({ code: null, message: 'Existing subscription to channel "x"' }),
      '{"event":"pusher:error","data":{"code":null,"message":"Existing subscription to channel \\"x\\""}}',
    ],
    [
      'CE-11: of an error with a code',
      messages.errorMessage({ code: 4301, message: 'too fast' }),
      '{"event":"pusher:error","data":{"code":4301,"message":"too fast"}}',
    ],
    [
      'AU-24: of a refused subscription',
      messages.subscriptionError('private-x', { type: 'AuthError', status: 401 }, 'Invalid signature'),
      '{"event":"pusher:subscription_error","channel":"private-x","data":"{\\"type\\":\\"AuthError\\",\\"error\\":\\"Invalid signature\\",\\"status\\":401}"}',
    ],
    [
      'SI-01: of a sign-in',
      messages.signinSuccess('{"id":"12345"}'),
      '{"event":"pusher:signin_success","data":"{\\"user_data\\":\\"{\\\\\\"id\\\\\\":\\\\\\"12345\\\\\\"}\\"}"}',
    ],
  ];
  for (const [what, text, literal] of LITERALS) {
    it(what, () => {
      assert.equal(text, literal);
    });
  }
});

describe('whatever goes in comes out of JSON.parse', () => {
  it('HS-02: socket id and activity timeout, in a string', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.option(fc.integer({ min: 1 })), (a, b, timeout) => {
        const { frame, data } = read(messages.connectionEstablished(`${a}.${b}`, timeout));
        assert.deepEqual(Object.keys(frame), ['event', 'data']);
        assert.deepEqual(
          data,
          timeout === null ? { socket_id: `${a}.${b}` } : { socket_id: `${a}.${b}`, activity_timeout: timeout },
        );
      }),
    );
  });

  it('PR-28, PR-29: the members of a presence channel, hostile ids and infos too', () => {
    const members = fc.uniqueArray(fc.record({ userId, value: info }), { selector: (m) => m.userId, maxLength: 6 });
    fc.assert(
      fc.property(channel, members, (name, list) => {
        const given = list.map(({ userId: id, value }): Member => ({ userId: id, info: JSON.stringify(value) }));
        const { frame, data } = read(messages.presenceSucceeded(name, given));
        assert.equal(frame['channel'], name);
        const presence = data['presence'];
        assert.ok(isJsonObject(presence));
        const { count, ids, hash } = presence;
        assert.equal(count, list.length);
        assert.deepEqual(
          ids,
          list.map((m) => m.userId),
        );
        assert.ok(isJsonObject(hash));
        assert.equal(Object.getPrototypeOf(hash), Object.prototype);
        assert.equal(Object.keys(hash).length, list.length);
        for (const m of list) {
          assert.equal(JSON.stringify(Object.getOwnPropertyDescriptor(hash, m.userId)?.value), JSON.stringify(m.value));
        }
      }),
    );
  });

  it('PR-02, PR-03: a member added or removed', () => {
    fc.assert(
      fc.property(channel, userId, info, (name, id, value) => {
        const added = read(messages.memberAdded(name, { userId: id, info: JSON.stringify(value) }));
        assert.equal(added.frame['channel'], name);
        assert.equal(JSON.stringify(added.data), JSON.stringify({ user_id: id, user_info: value }));
        const removed = read(messages.memberRemoved(name, id));
        assert.deepEqual(removed.frame, {
          event: 'pusher_internal:member_removed',
          channel: name,
          data: JSON.stringify({ user_id: id }),
        });
      }),
    );
  });

  it('the name and the data of an event', () => {
    fc.assert(
      fc.property(hostile, channel, hostile, (event, name, data) => {
        const text = messages.channelEvent(JSON.stringify(event), name, JSON.stringify(data));
        assert.deepEqual(JSON.parse(Buffer.from(text).toString()), { event, channel: name, data });
      }),
    );
  });

  it('CE-04, CE-20: the name, the data and the sender of a client event', () => {
    fc.assert(
      fc.property(fc.record({ event: hostile, channel, data: hostile }), fc.option(userId), (sent, sender) => {
        const text = messages.clientEvent(sent, sender);
        const expected = { ...sent, ...(sender === null ? {} : { user_id: sender }) };
        assert.deepEqual(JSON.parse(Buffer.from(text).toString()), expected);
      }),
    );
  });

  it('the code and the message of an error, in an object', () => {
    fc.assert(
      fc.property(fc.option(fc.nat()), hostile, (code, message) => {
        const text = messages.errorMessage({ code, message });
        assert.deepEqual(JSON.parse(Buffer.from(text).toString()), { event: 'pusher:error', data: { code, message } });
      }),
    );
  });

  it('SB-12: the channel of a refusal, even one that is no channel name', () => {
    fc.assert(
      fc.property(hostile, hostile, (name, message) => {
        const { frame, data } = read(
          messages.subscriptionError(name, { type: 'InvalidRequest', status: 400 }, message),
        );
        assert.equal(frame['channel'], name);
        assert.deepEqual(data, { type: 'InvalidRequest', error: message, status: 400 });
      }),
    );
  });

  it('SI-01: the user_data of a sign-in, as the string that was signed', () => {
    fc.assert(
      fc.property(hostile, (userData) => {
        assert.deepEqual(read(messages.signinSuccess(userData)).data, { user_data: userData });
      }),
    );
  });
});
