import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { binaryDelta, delta, full, Link, plain } from './link.ts';

const ESTABLISHED = String.raw`{"event":"pusher:connection_established","data":"{\"socket_id\":\"1.2\",\"activity_timeout\":120}"}`;
/** What a delta copies, and other bases do not have. */
const NINES = '9'.repeat(40);
const SYNC_ERROR = { event: 'pusher:delta_sync_error', data: { channel: 'market-data' } };

async function subscribed(...options: Parameters<typeof Link.open>): Promise<Link> {
  const link = await Link.open(...options);
  link.subscribe('market-data');
  link.sent();
  return link;
}

describe('a session', () => {
  it('asks for deltas before the library knows of the connection, and hides the answer', async () => {
    const link = await Link.open();
    link.receive(ESTABLISHED);
    assert.deepEqual(link.sent(), [
      { event: 'pusher:enable_delta_compression', data: { algorithms: ['fossil', 'xdelta3'], binary: true } },
    ]);
    link.receive('{"event":"pusher:delta_compression_enabled","data":{"enabled":true,"algorithm":"fossil"}}');
    assert.deepEqual(link.delivered(), [ESTABLISHED]);
  });

  it('hides that a server has no deltas, and no other error', async () => {
    const link = await Link.open();
    const other = '{"event":"pusher:error","data":{"code":4301,"message":"Client event rejected"}}';
    link.receive(
      '{"event":"pusher:error","data":{"code":null,"message":"Unsupported event received on socket: pusher:enable_delta_compression"}}',
      other,
    );
    assert.deepEqual(link.delivered(), [other]);
  });

  it('asks for nothing with deltas off', async () => {
    const link = await Link.open({ algorithms: [] });
    link.receive(ESTABLISHED);
    assert.deepEqual(link.sent(), []);
  });

  it('gives the library what a server without deltas sends: literal frames of the wire', async () => {
    const link = await subscribed();
    link.receive(
      String.raw`{"event":"price-update","channel":"market-data","data":"{\"asset\":\"BTC\",\"price\":\"100.00\"}","__delta_seq":1,"__conflation_key":"BTC"}`,
      '{"event":"pusher:delta","channel":"market-data","data":{"event":"price-update","delta":"MVkKMVBAMCw5OjEuNTBcIn0ifTN3NFpWNDs=","seq":2,"algorithm":"fossil","conflation_key":"BTC","base_index":1}}',
      '{"event":"pusher:delta","channel":"market-data","data":{"event":"price-update","delta":"1sPEAAABYgAQYgADBgIxLjUTWQEDEwYAXA==","seq":3,"algorithm":"xdelta3","conflation_key":"BTC","base_index":1}}',
    );
    const after = String.raw`{"event":"price-update","channel":"market-data","data":"{\"asset\":\"BTC\",\"price\":\"101.50\"}"}`;
    assert.deepEqual(link.delivered(), [plain('100.00'), after, after]);
    assert.deepEqual(link.errors, []);
  });

  it('reads deltas in bytes: literal frames of the wire', async () => {
    const link = await subscribed();
    link.receive(
      String.raw`{"event":"price-update","channel":"market-data","data":"{\"asset\":\"BTC\",\"price\":\"100.00\"}","__delta_seq":1,"__conflation_key":"BTC"}`,
      Buffer.concat([
        Buffer.from('01000b00030000000000020000000000016d61726b65742d64617461425443', 'hex'),
        Buffer.from('MVkKMVBAMCw5OjEuNTBcIn0ifTN3NFpWNDs=', 'base64'),
      ]),
    );
    assert.deepEqual(link.delivered(), [plain('100.00'), plain('101.50')]);
    assert.deepEqual(link.errors, []);
  });

  it('knows by algorithm, base and key what a delta in bytes is for, however large the numbers', async () => {
    const link = await subscribed();
    const [seq, key] = [2 ** 40 + 7, 'ключ'];
    link.receive(full(plain('1'), seq, key), full(plain('9'), seq + 1, ''));
    for (const algorithm of ['fossil', 'xdelta3'] as const) {
      link.receive(binaryDelta({ base: plain('1'), target: plain('2'), seq: seq + 2, baseSeq: seq, key, algorithm }));
    }
    assert.deepEqual(link.delivered(), [plain('1'), plain('9'), plain('2'), plain('2')]);
    link.receive(binaryDelta({ base: plain(NINES), target: plain(`${NINES}1`), seq: 5, baseSeq: 4, key }));
    assert.deepEqual(link.sent(), [SYNC_ERROR]);
  });

  it('leaves other binary messages alone', async () => {
    const link = await subscribed();
    const message = binaryDelta({ base: plain('1'), target: plain('2'), seq: 2, baseSeq: 1 });
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(40), message.subarray(0, 16), message.subarray(0, 20)]) {
      assert.equal(link.session.receiveBinary(bytes), false);
    }
    assert.deepEqual([link.errors, link.delivered(), link.sent(), link.stats.bytesReceived], [[], [], [], 0]);
  });

  it('takes the algorithm that the server named where a delta names none', async () => {
    const link = await subscribed();
    const xdelta3 = delta({ base: plain('1'), target: plain('2'), seq: 2, baseSeq: 1, algorithm: 'xdelta3' });
    link.receive(
      '{"event":"pusher:delta_compression_enabled","data":{"enabled":true,"algorithm":"xdelta3"}}',
      full(plain('1'), 1),
      xdelta3.replace(',"algorithm":"xdelta3"', ''),
    );
    assert.deepEqual(link.delivered(), [plain('1'), plain('2')]);
  });

  it('leaves frames that have nothing to do with deltas as they are', async () => {
    const link = await subscribed();
    const frames = [
      plain('1'),
      '{"event":"pusher:pong","data":{}}',
      String.raw`{"event":"pusher_internal:subscription_succeeded","channel":"market-data","data":"{}"}`,
      '{"event":"e","channel":"market-data","data":"\\"pusher:delta"}',
      'no JSON',
    ];
    link.receive(...frames);
    assert.deepEqual(link.delivered(), frames);
  });

  it('keeps a chain for each key', async () => {
    const link = await subscribed();
    link.receive(
      full(plain('1'), 1, 'BTC'),
      full(plain('10'), 2, 'ETH'),
      delta({ base: plain('1'), target: plain('2'), seq: 3, baseSeq: 1, key: 'BTC' }),
      delta({ base: plain('10'), target: plain('20'), seq: 4, baseSeq: 2, key: 'ETH' }),
      delta({ base: plain('2'), target: plain('3'), seq: 5, baseSeq: 3, key: 'BTC' }),
    );
    assert.deepEqual(
      link.delivered(),
      ['1', '10', '2', '20', '3'].map((price) => plain(price)),
    );
    assert.equal(link.stats.deltas, 3);
    assert.equal(link.stats.fulls, 2);
  });

  it('starts from what a cache sync brings, without giving it to the library', async () => {
    const link = await subscribed();
    const states = {
      BTC: [
        { content: plain('1'), seq: 6 },
        { content: plain('2'), seq: 7 },
      ],
    };
    const data = JSON.stringify({ max_messages_per_key: 10, states, conflation_key: 'asset' });
    link.receive(JSON.stringify({ event: 'pusher:delta_cache_sync', channel: 'market-data', data }));
    assert.deepEqual(link.delivered(), []);
    link.receive(delta({ base: plain('2'), target: plain('3'), seq: 8, baseSeq: 7, key: 'BTC' }));
    assert.deepEqual(link.delivered(), [plain('3')]);
  });

  it('counts bytes as they came and as they were given on', async () => {
    const link = await subscribed();
    const [first, second] = [plain('1 €'), plain('2 €')];
    const frames = [full(first, 1), delta({ base: first, target: second, seq: 2, baseSeq: 1 })];
    link.receive(...frames);
    assert.equal(
      link.stats.bytesReceived,
      frames.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    );
    assert.equal(link.stats.bytesDelivered, Buffer.byteLength(first) + Buffer.byteLength(second));
    assert.equal(link.stats.messages, 2);
  });
});

describe('after a delta that cannot be decoded', () => {
  const broken = delta({ base: plain('1'), target: plain('2'), seq: 2, baseSeq: 1 }).replace(
    /"delta":"[^"]*"/u,
    '"delta":"MVkK"',
  );

  for (const [what, frame] of [
    ['a malformed delta', broken],
    ['a missing base', delta({ base: plain('1'), target: plain('2'), seq: 2, baseSeq: 7 })],
    ['another text as base', delta({ base: plain(NINES), target: plain(`${NINES}2`), seq: 2, baseSeq: 1 })],
    [
      'an unknown algorithm',
      delta({ base: plain('1'), target: plain('2'), seq: 2, baseSeq: 1 }).replace('fossil', 'gzip'),
    ],
    [
      'a wrong base for VCDIFF',
      delta({
        base: plain('1', { event: 'price-updates' }),
        target: plain('2'),
        seq: 2,
        baseSeq: 1,
        algorithm: 'xdelta3',
      }),
    ],
    [
      'a text for another channel',
      delta({ base: plain('1'), target: plain('2', { channel: 'other' }), seq: 2, baseSeq: 1 }),
    ],
    ['no delta at all', '{"event":"pusher:delta","channel":"market-data","data":{}}'],
  ] as const) {
    it(`(${what}) the server is asked once to begin anew, and the library sees nothing of it`, async () => {
      const link = await subscribed();
      link.receive(full(plain('1'), 1));
      link.delivered();
      link.receive(frame, frame);
      assert.deepEqual(link.sent(), [SYNC_ERROR]);
      assert.deepEqual(link.delivered(), []);
      assert.equal(link.stats.failures, 2);
      assert.match(link.errors[0] ?? '', /on channel market-data could not be decoded: /u);
      link.receive(full(plain('3'), 3), delta({ base: plain('3'), target: plain('4'), seq: 4, baseSeq: 3 }));
      assert.deepEqual(link.delivered(), [plain('3'), plain('4')]);
      assert.deepEqual(link.sent(), []);
    });
  }

  it('other keys go on, and what they have under way is not lost', async () => {
    const link = await subscribed();
    link.receive(full(plain('1'), 1, 'BTC'), full(plain('10'), 2, 'ETH'));
    link.receive(delta({ base: plain('1'), target: plain('2'), seq: 4, baseSeq: 3, key: 'BTC' }));
    link.delivered();
    link.receive(delta({ base: plain('10'), target: plain('20'), seq: 5, baseSeq: 2, key: 'ETH' }));
    assert.deepEqual(link.delivered(), [plain('20')]);
  });

  it('what the server repeats whole is given to the library if it was lost, and not if it had come', async () => {
    const link = await subscribed();
    link.receive(
      full(plain('1'), 1, 'BTC'),
      full(plain('10'), 2, 'ETH'),
      broken.replace('"base', '"conflation_key":"BTC","base'),
    );
    assert.deepEqual(link.delivered(), [plain('1'), plain('10')]);
    link.receive(full(plain('2'), 2, 'BTC'), full(plain('10'), 2, 'ETH'));
    assert.deepEqual(link.delivered(), [plain('2')]);
    assert.equal(link.stats.duplicates, 1);
    link.receive(delta({ base: plain('10'), target: plain('20'), seq: 3, baseSeq: 2, key: 'ETH' }));
    assert.deepEqual(link.delivered(), [plain('20')]);
  });

  it('equal texts in a row are no repetition where nothing was asked', async () => {
    const link = await subscribed();
    link.receive(full(plain('1'), 0), full(plain('1'), 0), full(plain('1'), 1));
    assert.deepEqual(link.delivered(), [plain('1'), plain('1'), plain('1')]);
  });

  it('what was lost is given to the library when a cache sync brings it, and only that', async () => {
    const link = await subscribed();
    link.receive(full(plain('1'), 1), broken);
    link.delivered();
    const states = {
      '': [
        { content: plain('1'), seq: 1 },
        { content: plain('2'), seq: 2 },
      ],
    };
    const sync = JSON.stringify({ event: 'pusher:delta_cache_sync', channel: 'market-data', data: { states } });
    link.receive(sync, sync);
    assert.deepEqual(link.delivered(), [plain('2')]);
  });

  it('servers that count from 0 again are understood', async () => {
    const link = await subscribed();
    link.receive(
      full(plain('1'), 0),
      full(plain('2'), 1),
      delta({ base: plain(NINES), target: plain(`${NINES}3`), seq: 2, baseSeq: 1 }),
    );
    link.receive(
      full(plain('4'), 0),
      full(plain('5'), 1),
      delta({ base: plain('5'), target: plain('6'), seq: 2, baseSeq: 1 }),
    );
    assert.deepEqual(
      link.delivered(),
      ['1', '2', '4', '5', '6'].map((price) => plain(price)),
    );
  });

  it('a channel whose deltas always fail goes without them after the next connect', async () => {
    const link = await subscribed();
    for (let round = 0; round < 6; round++) link.receive(full(plain(`${round}`), round), broken);
    assert.equal(link.stats.resyncs, 5);
    assert.equal(link.reconnects, 1);
    link.sent();
    link.subscribe('market-data');
    assert.deepEqual(link.sent(), [{ event: 'pusher:subscribe', data: { delta: false, channel: 'market-data' } }]);
  });
});

describe('what a session keeps', () => {
  it('is forgotten with the channel', async () => {
    const link = await subscribed();
    link.receive(full(plain('1'), 1));
    link.session.outgoing('{"event":"pusher:unsubscribe","data":{"channel":"market-data"}}');
    // Still under way when the server had not read the unsubscribe: nothing is kept, and nothing asked.
    const late = delta({ base: plain('1'), target: plain('2'), seq: 2, baseSeq: 1 });
    link.receive(late);
    assert.deepEqual([link.sent(), link.errors], [[], []]);
    link.subscribe('market-data');
    link.sent();
    link.receive(late);
    assert.deepEqual(link.sent(), [SYNC_ERROR]);
  });

  it('is nothing of channels that the library has not asked for', async () => {
    const link = await subscribed();
    const text = plain('1', { channel: 'stray' });
    link.receive(full(text, 1));
    // As it came: no base is made of it, and no delta can follow.
    assert.deepEqual(link.delivered(), [text]);
    link.receive(delta({ base: text, target: text, seq: 2, baseSeq: 1, channel: 'stray' }));
    assert.deepEqual([link.delivered(), link.sent(), link.errors], [[], [], []]);
  });

  it('says how large a message may become', async () => {
    const link = await subscribed({ limits: { messageBytes: 200 } });
    const long = plain('1'.repeat(200));
    link.receive(full(plain('1'), 1), delta({ base: plain('1'), target: long, seq: 2, baseSeq: 1 }));
    assert.deepEqual(link.delivered(), [plain('1')]);
    assert.match(link.errors[0] ?? '', /more than allowed/u);
  });
});
