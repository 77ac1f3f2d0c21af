import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type ClientMessage, decodeClientMessage } from '../src/client-messages.ts';
import type { ProtocolError } from '../src/errors.ts';

function messageOf(text: string): ClientMessage {
  const decoded = decodeClientMessage(text);
  assert.ok('message' in decoded, `refused: ${JSON.stringify(decoded)}`);
  return decoded.message;
}

function errorOf(text: string): ProtocolError {
  const decoded = decodeClientMessage(text);
  assert.ok('error' in decoded, `taken: ${JSON.stringify(decoded)}`);
  return decoded.error;
}

function refuses(text: string, message: string): void {
  assert.deepEqual(errorOf(text), { code: null, message, refusal: null });
}

describe('a frame that is no message', () => {
  for (const text of [
    'not json',
    '',
    ' ',
    '{',
    '{"event":"pusher:ping"',
    'undefined',
    '\u0000',
    '{"event":"pusher:ping"}{}',
  ]) {
    it(`HS-28: is refused: ${JSON.stringify(text)}`, () => {
      refuses(text, 'Invalid message: not valid JSON');
    });
  }

  for (const text of [
    '[]',
    '1',
    'null',
    '"x"',
    'true',
    '[{"event":"pusher:ping"}]',
    '"{\\"event\\":\\"pusher:ping\\"}"',
  ]) {
    it(`HS-29: is refused where it is no object: ${text}`, () => {
      refuses(text, 'Invalid message: expected a JSON object');
    });
  }

  for (const text of [
    '{}',
    '{"event":null}',
    '{"event":1}',
    '{"event":[]}',
    '{"event":["pusher:ping"]}',
    '{"event":{}}',
    '{"Event":"pusher:ping"}',
    '{"__proto__":{"event":"pusher:ping"}}',
  ]) {
    it(`HS-30: is refused without an event: ${text}`, () => {
      refuses(text, 'Missing parameter: event');
    });
  }

  it('is refused where it is nested too deep, in whatever member', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    refuses(deep, 'Invalid message: nested deeper than 64 levels');
    refuses(
      `{"event":"client-x","channel":"private-x","data":${deep}}`,
      'Invalid message: nested deeper than 64 levels',
    );
    refuses(`{"event":"pusher:ping","ignored":${deep}}`, 'Invalid message: nested deeper than 64 levels');
    refuses('{"a":'.repeat(100_000), 'Invalid message: nested deeper than 64 levels');
  });

  it('never makes the decoder throw, and is a message or an error', () => {
    const member = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom('pusher:subscribe', 'pusher:signin', 'client-x', 'pusher:unsubscribe'),
    );
    const frame = fc
      .record({ event: member, channel: member, data: member }, { requiredKeys: [] })
      .map((value) => JSON.stringify(value));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), frame), (text) => {
        const decoded = decodeClientMessage(text);
        assert.ok('message' in decoded !== 'error' in decoded);
      }),
    );
  });
});

describe('heartbeats', () => {
  for (const data of ['', ',"data":{}', ',"data":"{}"', ',"data":null', ',"data":[],"channel":7']) {
    it(`PG-01, PG-02: are read with the members ${data || '(none)'}`, () => {
      assert.deepEqual(messageOf(`{"event":"pusher:ping"${data}}`), { type: 'ping' });
      assert.deepEqual(messageOf(`{"event":"pusher:pong"${data}}`), { type: 'pong' });
    });
  }
});

/** Of a subscription that asks for nothing in particular. */
const NO_WISHES = { delta: undefined, filter: {} };

describe('pusher:subscribe', () => {
  it('SB-01, SB-02: is read with an empty auth and without one', () => {
    const expected = { type: 'subscribe', channel: 'my-channel', auth: '', channelData: undefined, ...NO_WISHES };
    assert.deepEqual(messageOf('{"event":"pusher:subscribe","data":{"auth":"","channel":"my-channel"}}'), expected);
    assert.deepEqual(messageOf('{"event":"pusher:subscribe","data":{"channel":"my-channel"}}'), expected);
    assert.deepEqual(
      messageOf('{"event":"pusher:subscribe","data":{"channel":"my-channel","auth":null,"channel_data":null}}'),
      expected,
    );
  });

  it('keeps channel_data as the string that was signed', () => {
    const channelData = '{ "user_id" : 10, "user_info":{"name":"Mr. Pusher"}}';
    const text = JSON.stringify({
      event: 'pusher:subscribe',
      data: { auth: 'k:s', channel_data: channelData, channel: 'presence-x' },
    });
    assert.deepEqual(messageOf(text), {
      type: 'subscribe',
      channel: 'presence-x',
      auth: 'k:s',
      channelData,
      ...NO_WISHES,
    });
  });

  it('AU-15: tells an empty channel_data from an absent one', () => {
    const text = '{"event":"pusher:subscribe","data":{"auth":"k:s","channel_data":"","channel":"private-x"}}';
    assert.deepEqual(messageOf(text), {
      type: 'subscribe',
      channel: 'private-x',
      auth: 'k:s',
      channelData: '',
      ...NO_WISHES,
    });
  });

  it('SB-09: may have its data as a string of JSON', () => {
    const data = JSON.stringify({ channel: 'private-x', auth: 'k:s' });
    assert.deepEqual(messageOf(JSON.stringify({ event: 'pusher:subscribe', data })), {
      type: 'subscribe',
      channel: 'private-x',
      auth: 'k:s',
      channelData: undefined,
      ...NO_WISHES,
    });
  });

  it('says how the client wants deltas, and hands on a filter under either name', () => {
    const read = (members: string): unknown =>
      messageOf(`{"event":"pusher:subscribe","data":{"channel":"x",${members}}}`);
    const plain = { type: 'subscribe', channel: 'x', auth: '', channelData: undefined };
    const off = { ...plain, delta: { enabled: false }, filter: {} };
    assert.deepEqual(read('"delta":false'), off);
    const filter = { key: 'a', cmp: 'eq', val: 'b' };
    const filtered = { ...plain, delta: undefined };
    assert.deepEqual(read(`"filter":${JSON.stringify(filter)}`), {
      ...filtered,
      filter: { filter, tags_filter: undefined },
    });
    assert.deepEqual(read('"tags_filter":5'), { ...filtered, filter: { filter: undefined, tags_filter: 5 } });
  });

  for (const data of [
    '',
    ',"data":{}',
    ',"data":null',
    ',"data":[]',
    ',"data":5',
    ',"data":"x"',
    ',"data":"[]"',
    ',"data":"null"',
    ',"data":"{"',
    ',"data":["channel","x"]',
    ',"data":{"__proto__":{"channel":"x"}}',
    ',"channel":"x"',
  ]) {
    it(`SB-08: is refused without a channel: ${data || '(no data)'}`, () => {
      refuses(`{"event":"pusher:subscribe"${data}}`, 'Missing parameter: data.channel');
    });
  }

  for (const channel of ['1', 'null', '[]', '{}', 'true', '["x"]']) {
    it(`SB-17: is refused where the channel is no string: ${channel}`, () => {
      refuses(`{"event":"pusher:subscribe","data":{"channel":${channel}}}`, 'Missing parameter: data.channel');
    });
  }

  for (const wrong of ['1', '[]', '{}', 'false']) {
    it(`is refused where auth or channel_data is no string: ${wrong}`, () => {
      refuses(`{"event":"pusher:subscribe","data":{"channel":"x","auth":${wrong}}}`, 'Missing parameter: data.auth');
      refuses(
        `{"event":"pusher:subscribe","data":{"channel":"x","channel_data":${wrong}}}`,
        'Missing parameter: data.channel_data',
      );
    });
  }

  it('is refused where the string of its data is nested too deep', () => {
    const data = `{"channel":"x","deep":${'['.repeat(1000)}${']'.repeat(1000)}}`;
    refuses(JSON.stringify({ event: 'pusher:subscribe', data }), 'Missing parameter: data.channel');
  });

  it('leaves the shape of the name to the grammar of channel names', () => {
    assert.equal(messageOf('{"event":"pusher:subscribe","data":{"channel":"a b:c"}}').type, 'subscribe');
    assert.equal(messageOf('{"event":"pusher:subscribe","data":{"channel":""}}').type, 'subscribe');
  });

  it('does not let a __proto__ member stand in for a missing one', () => {
    const text = '{"event":"pusher:subscribe","data":{"channel":"private-x","__proto__":{"auth":"k:s"}}}';
    assert.deepEqual(messageOf(text), {
      type: 'subscribe',
      channel: 'private-x',
      auth: '',
      channelData: undefined,
      ...NO_WISHES,
    });
  });
});

describe('pusher:unsubscribe', () => {
  it('names a channel, in an object or in a string of JSON', () => {
    assert.deepEqual(messageOf('{"event":"pusher:unsubscribe","data":{"channel":"x"}}'), {
      type: 'unsubscribe',
      channel: 'x',
    });
    assert.deepEqual(messageOf('{"event":"pusher:unsubscribe","data":"{\\"channel\\":\\"x\\"}"}'), {
      type: 'unsubscribe',
      channel: 'x',
    });
  });

  it('is refused without one', () => {
    for (const data of ['{}', 'null', '[]', '{"channel":1}', '"x"']) {
      refuses(`{"event":"pusher:unsubscribe","data":${data}}`, 'Missing parameter: data.channel');
    }
    refuses('{"event":"pusher:unsubscribe","channel":"x"}', 'Missing parameter: data.channel');
  });
});

describe('pusher:signin', () => {
  it('keeps user_data as the string that was signed', () => {
    const text = JSON.stringify({ event: 'pusher:signin', data: { auth: 'k:s', user_data: '{ "id":"1"}' } });
    assert.deepEqual(messageOf(text), { type: 'signin', auth: 'k:s', userData: '{ "id":"1"}' });
  });

  it('SI-06: is refused where auth or user_data is missing or no string', () => {
    for (const data of [
      '{}',
      '{"user_data":"{}"}',
      '{"auth":1,"user_data":"{}"}',
      '{"auth":null,"user_data":"{}"}',
      'null',
      '"x"',
    ]) {
      refuses(`{"event":"pusher:signin","data":${data}}`, 'Missing parameter: data.auth');
    }
    for (const data of ['{"auth":"k:s"}', '{"auth":"k:s","user_data":{"id":"1"}}', '{"auth":"k:s","user_data":null}']) {
      refuses(`{"event":"pusher:signin","data":${data}}`, 'Missing parameter: data.user_data');
    }
  });
});

describe('client events', () => {
  const DATA: readonly (readonly [row: string, json: string, received: string])[] = [
    ['CE-01', '{"a":1}', '{"a":1}'],
    ['CE-01', '{ "a" : [1, 2] }', '{"a":[1,2]}'],
    ['CE-02', '"hi"', 'hi'],
    ['CE-02', '"{\\"a\\": 1}"', '{"a": 1}'],
    ['CE-02', '""', ''],
    ['CE-02', 'null', 'null'],
    ['CE-02', '0', '0'],
    ['CE-02', '[]', '[]'],
    ['CE-20', '"\\u2028😀\\ud83d\\ude00é"', '\u2028😀😀é'],
    ['CE-20', '{"k":"\\u2028","😀":["é"]}', '{"k":"\u2028","😀":["é"]}'],
    ['CE-20', '{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}'],
  ];
  for (const [row, json, received] of DATA) {
    it(`${row}: turn the data ${json} into the text ${JSON.stringify(received)}`, () => {
      assert.deepEqual(messageOf(`{"event":"client-x","channel":"private-x","data":${json}}`), {
        type: 'client_event',
        event: 'client-x',
        channel: 'private-x',
        data: received,
      });
    });
  }

  it('have an empty object as data where they leave it out', () => {
    assert.deepEqual(messageOf('{"event":"client-x","channel":"private-x"}'), {
      type: 'client_event',
      event: 'client-x',
      channel: 'private-x',
      data: '{}',
    });
  });

  it('CE-05: lose a forged user_id and socket_id', () => {
    const text = '{"event":"client-x","channel":"private-x","data":"hi","user_id":"admin","socket_id":"1.1"}';
    assert.deepEqual(messageOf(text), { type: 'client_event', event: 'client-x', channel: 'private-x', data: 'hi' });
  });

  it('are refused without a channel that is a string', () => {
    for (const channel of ['', ',"channel":null', ',"channel":1', ',"channel":["private-x"]']) {
      refuses(`{"event":"client-x"${channel},"data":{}}`, 'Missing parameter: channel');
    }
  });
});

describe('other events', () => {
  const PREFIX = "Client event rejected - client events must be prefixed by 'client-'";

  for (const [row, event] of [
    ['CE-08', 'foo'],
    ['CE-09', 'xclient-y'],
    ['CE-08', 'client'],
    ['CE-08', 'Client-x'],
    ['CE-08', ' client-x'],
    ['CE-08', ''],
    ['CE-08', 'pusher'],
    ['CE-08', 'client_x'],
  ] as const) {
    it(`${row}: ${JSON.stringify(event)} with a channel lacks the prefix`, () => {
      refuses(JSON.stringify({ event, channel: 'private-x', data: {} }), PREFIX);
    });
  }

  it('HS-31: an unknown event without a channel is unsupported', () => {
    refuses('{"event":"foo"}', 'Unsupported event received on socket: foo');
    refuses('{"event":"foo","channel":1}', 'Unsupported event received on socket: foo');
    refuses('{"event":"","data":{}}', 'Unsupported event received on socket: ');
  });

  for (const event of [
    'pusher:evil',
    'pusher:',
    'pusher:Subscribe',
    'pusher:error',
    'pusher:connection_established',
    'pusher_internal:member_added',
    'pusher_internal:subscription_succeeded',
    'pusher_internal:',
  ]) {
    it(`CE-19: ${event} is unsupported with and without a channel`, () => {
      refuses(
        JSON.stringify({ event, channel: 'private-x', data: {} }),
        `Unsupported event received on socket: ${event}`,
      );
      refuses(JSON.stringify({ event }), `Unsupported event received on socket: ${event}`);
    });
  }

  it('are repeated to the client only up to 200 characters', () => {
    refuses(
      JSON.stringify({ event: 'e'.repeat(100_000) }),
      `Unsupported event received on socket: ${'e'.repeat(200)}…`,
    );
  });
});

describe('pusher:change_filter', () => {
  it('hands on the new filter, or that there is none', () => {
    const read = (members: string): unknown =>
      messageOf(`{"event":"pusher:change_filter","data":{"channel":"x"${members}}}`);
    const change = { type: 'change_filter', channel: 'x' };
    assert.deepEqual(read(',"filter":{"a":1}'), { ...change, filter: { filter: { a: 1 }, tags_filter: undefined } });
    assert.deepEqual(read(''), { ...change, filter: {} });
  });

  it('is refused without a channel', () => {
    refuses('{"event":"pusher:change_filter","data":{"filter":null}}', 'Missing parameter: data.channel');
  });
});
