import assert from 'node:assert/strict';
import { it } from 'node:test';
import { channelOf, readCacheSync, readDelta, readFullFrame } from '../src/frames.ts';

const PLAIN = String.raw`{"event":"price-update","channel":"market-data","data":"{\"asset\":\"BTC\",\"price\":\"100.00\"}"}`;

it('the two members of a base are taken off, and what is left is the frame to the byte', () => {
  const unkeyed = String.raw`{"event":"price-update","channel":"market-data","data":"{\"asset\":\"BTC\",\"price\":\"100.00\"}","__delta_seq":0}`;
  const keyed = String.raw`{"event":"price-update","channel":"market-data","data":"{\"asset\":\"BTC\",\"price\":\"100.00\"}","__delta_seq":17,"__conflation_key":"BTC"}`;
  const odd = String.raw`{"event":"e","channel":"c","data":{"a":[1,2]},"tags":{"a":"b"},"__delta_seq":9007199254740991,"__conflation_key":"a\"},\\"}`;
  assert.deepEqual(readFullFrame(unkeyed), { text: PLAIN, seq: 0, key: '' });
  assert.deepEqual(readFullFrame(keyed), { text: PLAIN, seq: 17, key: 'BTC' });
  assert.deepEqual(readFullFrame(odd), {
    text: '{"event":"e","channel":"c","data":{"a":[1,2]},"tags":{"a":"b"}}',
    seq: 9007199254740991,
    key: 'a"},\\',
  });
});

it('a payload that looks like these members is left alone', () => {
  for (const text of [
    PLAIN,
    '{"event":"e","channel":"c","data":{"a":1,"__delta_seq":5}}',
    '{"event":"e","channel":"c","data":{"a":1,"__delta_seq":5},"user_id":"u"}',
    String.raw`{"event":"e","channel":"c","data":",\"__delta_seq\":5}"}`,
    '{"event":"e","channel":"c","data":"x","__delta_seq":"5"}',
  ]) {
    assert.equal(readFullFrame(text), undefined, text);
  }
  const nested = '{"event":"e","channel":"c","data":{"a":1,"__delta_seq":5},"__delta_seq":6}';
  assert.equal(readFullFrame(nested)?.text, '{"event":"e","channel":"c","data":{"a":1,"__delta_seq":5}}');
});

it('the channel is read wherever it stands', () => {
  assert.equal(channelOf(PLAIN), 'market-data');
  assert.equal(channelOf('{"channel":"c","event":"e","data":{}}'), 'c');
  assert.equal(channelOf(String.raw`{"event":"\",\"channel\":\"x","channel":"c\u002d1","data":{}}`), 'c-1');
  assert.equal(channelOf('{"event":"pusher:pong","data":{}}'), undefined);
  assert.equal(channelOf('no JSON'), undefined);
});

it('a delta is read with and without its optional members', () => {
  const bytes = new TextEncoder().encode('1Y\n');
  assert.deepEqual(
    readDelta('c', { event: 'e', delta: 'MVkK', seq: 2, algorithm: 'fossil', conflation_key: 'BTC', base_index: 1 }),
    {
      channel: 'c',
      seq: 2,
      key: 'BTC',
      delta: bytes,
      base: 1,
      algorithm: 'fossil',
    },
  );
  const least = { channel: 'c', seq: 2, key: '', delta: bytes, base: undefined, algorithm: undefined };
  assert.deepEqual(readDelta('c', { delta: 'MVkK', seq: 2 }), least);
  for (const bad of [{}, { delta: 'MVkK' }, { delta: 'no base64!', seq: 1 }, { delta: 7, seq: 1 }]) {
    assert.equal(readDelta('c', bad), undefined);
  }
});

it('a cache sync gives its messages by key, hostile keys too, and passes over what makes no sense', () => {
  const states: unknown = JSON.parse(
    '{"BTC":[{"content":"{1}","seq":6},{"content":"{2}","seq":7},{"seq":8}],"__proto__":[{"content":"{3}","seq":1}],"x":1}',
  );
  assert.deepEqual(readCacheSync({ max_messages_per_key: 10, states, conflation_key: 'asset' }), [
    { key: 'BTC', seq: 6, content: '{1}' },
    { key: 'BTC', seq: 7, content: '{2}' },
    { key: '__proto__', seq: 1, content: '{3}' },
  ]);
  assert.deepEqual(readCacheSync({}), []);
});
