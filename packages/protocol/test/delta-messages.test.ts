import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as messages from '../src/delta-messages.ts';
import { channelEvent } from '../src/server-messages.ts';

const TEXT = '{"event":"price-update","channel":"market-data","data":"{\\"asset\\":\\"BTC\\"}"}';
const DELTA: messages.Delta = {
  channel: 'market-data',
  text: TEXT,
  patch: Buffer.from('15\n10@0,2:12'),
  sequence: 2,
  key: 'BTC',
  algorithm: 'fossil',
  isAlgorithmTold: false,
  base: 1,
};

describe('the literal text', () => {
  const LITERALS: readonly (readonly [what: string, text: string, literal: string])[] = [
    [
      'of the confirmation',
      messages.deltaCompressionEnabled('fossil'),
      '{"event":"pusher:delta_compression_enabled","data":{"enabled":true,"algorithm":"fossil"}}',
    ],
    [
      'of the answer to a client that knows no algorithm of ours',
      messages.deltaCompressionEnabled(null),
      '{"event":"pusher:delta_compression_enabled","data":{"enabled":false}}',
    ],
    [
      'of a full frame',
      messages.fullFrame(TEXT, { sequence: 1234567890123, key: undefined }),
      '{"event":"price-update","channel":"market-data","data":"{\\"asset\\":\\"BTC\\"}","__delta_seq":1234567890123}',
    ],
    [
      'of a full frame with a key',
      messages.fullFrame(TEXT, { sequence: 7, key: 'BTC' }),
      '{"event":"price-update","channel":"market-data","data":"{\\"asset\\":\\"BTC\\"}","__delta_seq":7,"__conflation_key":"BTC"}',
    ],
    [
      'of a full frame without a key on a channel with keys',
      messages.fullFrame('{"event":"a","channel":"b","data":""}', { sequence: 7, key: '' }),
      '{"event":"a","channel":"b","data":"","__delta_seq":7,"__conflation_key":""}',
    ],
    [
      'of a delta',
      messages.deltaFrame(DELTA),
      '{"event":"pusher:delta","channel":"market-data","data":{"event":"price-update","delta":"MTUKMTBAMCwyOjEy","seq":2,"algorithm":"fossil","conflation_key":"BTC","base_index":1}}',
    ],
    [
      'of a delta whose algorithm is known, of a channel without keys',
      messages.deltaFrame({ ...DELTA, patch: Buffer.from([0xff, 0xfe]), isAlgorithmTold: true, key: undefined }),
      '{"event":"pusher:delta","channel":"market-data","data":{"event":"price-update","delta":"//4=","seq":2,"base_index":1}}',
    ],
    [
      'of a delta without a key on a channel with keys',
      messages.deltaFrame({ ...DELTA, patch: Buffer.from('a'), key: '', algorithm: 'xdelta3' }),
      '{"event":"pusher:delta","channel":"market-data","data":{"event":"price-update","delta":"YQ==","seq":2,"algorithm":"xdelta3","base_index":1}}',
    ],
    [
      'of the bases for a late subscriber',
      messages.deltaCacheSync({
        channel: 'market-data',
        conflationKey: 'asset',
        maxMessagesPerKey: 10,
        states: [
          { key: 'BTC', frames: [{ text: '{"event":"a"}', sequence: 7 }] },
          { key: 'ETH', frames: [] },
        ],
      }),
      '{"event":"pusher:delta_cache_sync","channel":"market-data","data":"{\\"max_messages_per_key\\":10,\\"states\\":{\\"BTC\\":[{\\"content\\":\\"{\\\\\\"event\\\\\\":\\\\\\"a\\\\\\"}\\",\\"seq\\":7}],\\"ETH\\":[]},\\"conflation_key\\":\\"asset\\"}"}',
    ],
  ];
  for (const [what, text, literal] of LITERALS) {
    it(what, () => {
      assert.equal(text, literal);
      JSON.parse(text);
    });
  }
});

describe('a delta', () => {
  for (const name of ['tick', '', 'a"b', 'back\\slash', '\\"', 'é😀', '\ud800', '","channel":"x']) {
    it(`names the event ${JSON.stringify(name)}`, () => {
      const text = channelEvent(JSON.stringify(name), 'c', '"x"');
      const frame = JSON.parse(messages.deltaFrame({ ...DELTA, text })) as { data: { event: string } };
      assert.equal(frame.data.event, name);
    });
  }

  it('is as long as its envelope and its patch', () => {
    for (const name of ['tick', 'é😀']) {
      const delta = { ...DELTA, text: channelEvent(JSON.stringify(name), 'c', '"x"') };
      assert.equal(
        Buffer.byteLength(messages.deltaFrame(delta)),
        messages.deltaEnvelopeBytes(delta) + Math.ceil(delta.patch.length / 3) * 4,
      );
    }
  });
});

describe('a delta in bytes', () => {
  const hex = (delta: Partial<messages.Delta>): string => messages.binaryDelta({ ...DELTA, ...delta }).toString('hex');

  it('is literally this', () => {
    const [channel, key, patch] = ['market-data', 'BTC', '15\n10@0,2:12'].map((text) =>
      Buffer.from(text).toString('hex'),
    );
    assert.equal(hex({}), `01000b0003000000000002000000000001${channel}${key}${patch}`);
  });

  it('has no key on a channel without keys, and for a message without one', () => {
    for (const key of [undefined, ''])
      assert.equal(hex({ channel: 'c', key, patch: Buffer.from('p') }).slice(0, 10), '0100010000');
  });

  it('counts in bytes, and up to where numbers are exact', () => {
    const text = hex({
      algorithm: 'xdelta3',
      channel: 'c',
      key: 'é',
      sequence: 2 ** 48 - 1,
      base: 2 ** 40,
      patch: Buffer.alloc(0),
    });
    assert.equal(text, '0200010002ffffffffffff01000000000063c3a9');
  });

  it('is as long as its header and its patch', () => {
    for (const key of [undefined, 'é😀']) {
      const delta = { ...DELTA, key };
      assert.equal(messages.binaryDelta(delta).length, messages.binaryDeltaHeaderBytes(delta) + delta.patch.length);
    }
  });
});

describe('a full frame', () => {
  /** What a client does to get the base back. */
  const MARKS = [
    /,"__delta_seq":\d+/g,
    /"__delta_seq":\d+,/g,
    /,"__conflation_key":"[^"]*"/g,
    /"__conflation_key":"[^"]*",/g,
  ];
  const base = (frame: string): string => MARKS.reduce((text, mark) => text.replace(mark, ''), frame);

  it('is its base, once a client has cut out the marks', () => {
    for (const key of [undefined, '', 'BTC', 'ключ']) {
      assert.equal(base(messages.fullFrame(TEXT, { sequence: 12, key })), TEXT);
    }
  });

  for (const [text, holds] of [
    [TEXT, false],
    [channelEvent('"a"', 'b', JSON.stringify('{"x":1,"__delta_seq":1,"__conflation_key":"x"}')), false],
    [channelEvent('"a"', 'b', '{"x":1,"__delta_seq":1}'), true],
    ['{"event":"a","channel":"b","data":"","tags":{"a":"b","__conflation_key":"x"}}', true],
  ] as const) {
    it(`${holds ? 'cannot' : 'can'} be made of ${text}`, () => {
      assert.equal(messages.holdsDeltaMarks(text), holds);
      assert.equal(base(text) !== text, holds);
    });
  }
});
