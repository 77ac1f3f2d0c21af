import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '@sluice/testkit';
import { encodeControl, encodeTopicMessage, FrameReader, messageOf, topicOf } from '../src/bus/frames.ts';

/** A frame as it went in or came out; topic messages as hexadecimal text. */
type Seen = { readonly control: unknown } | { readonly topic: string; readonly message: string };

interface Sent {
  readonly bytes: Buffer;
  readonly seen: Seen;
}

function control(message: object): Sent {
  return { bytes: encodeControl(message), seen: { control: message } };
}

function topicMessage(topic: string, message: Buffer): Sent {
  return { bytes: encodeTopicMessage(topic, message), seen: { topic, message: message.toString('hex') } };
}

/** Reads chunks one by one. What the handler gets is copied at once, as it holds only during the call. */
function readAll(chunks: readonly Buffer[]): Seen[] {
  const seen: Seen[] = [];
  const reader = new FrameReader({
    onControl: (message) => seen.push({ control: message }),
    onTopicMessage: (frame) => {
      const [topic, message] = [topicOf(frame), messageOf(frame)];
      assert.deepEqual(frame, encodeTopicMessage(topic, message), 'the frame can be passed on as it is');
      seen.push({ topic, message: message.toString('hex') });
    },
  });
  for (const chunk of chunks) reader.read(chunk);
  return seen;
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const edges = [0, ...at, bytes.length];
  return edges.slice(1).map((end, i) => bytes.subarray(edges[i], end));
}

const SAMPLES: readonly Sent[] = [
  control({ type: 'count', channel: 'ünïcode \u2028 😀', subscriptions: 3 }),
  topicMessage('1001:news', Buffer.from([0, 255, 1, 254])),
  topicMessage('größe:a', Buffer.alloc(0)),
  control({}),
  topicMessage('1001:news', Buffer.from('text')),
];

function randomFrame(random: Random): Sent {
  if (random.below(2) === 0) return control({ type: 'ask', id: random.below(1e9), text: 'é'.repeat(random.below(40)) });
  return topicMessage(
    `app${random.below(9)}:${'ç'.repeat(random.below(20))}`,
    Buffer.from(random.bytes(random.below(300))),
  );
}

describe('FrameReader', () => {
  const stream = Buffer.concat(SAMPLES.map(({ bytes }) => bytes));
  const expected = SAMPLES.map(({ seen }) => seen);

  it('gives all frames of one chunk in order', () => {
    assert.deepEqual(readAll([stream]), expected);
  });

  it('gives the same frames whatever byte the stream is cut at', () => {
    for (let at = 0; at <= stream.length; at++) assert.deepEqual(readAll(cut(stream, [at])), expected, `cut at ${at}`);
  });

  it('gives the same frames byte by byte, with empty chunks between', () => {
    const chunks = [...stream].flatMap((byte) => [Buffer.from([byte]), Buffer.alloc(0)]);
    assert.deepEqual(readAll(chunks), expected);
  });

  it('gives any sequence of control and topic frames, cut anywhere, as it was sent', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Random(seed);
      const frames = Array.from({ length: 1 + random.below(12) }, () => randomFrame(random));
      const bytes = Buffer.concat(frames.map((frame) => frame.bytes));
      const cuts = Array.from({ length: random.below(20) }, () => random.below(bytes.length + 1)).sort((a, b) => a - b);
      assert.deepEqual(
        readAll(cut(bytes, cuts)),
        frames.map(({ seen }) => seen),
        `seed ${seed}, cuts ${cuts.join()}`,
      );
    }
  });

  it('hands over a frame with its last byte and not before', () => {
    const [first] = SAMPLES;
    assert.ok(first);
    assert.deepEqual(readAll([first.bytes.subarray(0, -1)]), []);
    assert.deepEqual(readAll(cut(first.bytes, [first.bytes.length - 1])), [first.seen]);
  });

  it('puts a huge frame together from pieces without copying it for each of them', () => {
    const message = Buffer.from(new Random(7).bytes(1024));
    const huge = Buffer.concat(Array.from({ length: 32 * 1024 }, () => message));
    const bytes = encodeTopicMessage('1001:huge', huge);
    let got = 0;
    const reader = new FrameReader({
      onControl: () => assert.fail('no control message was sent'),
      onTopicMessage: (frame) => {
        got++;
        assert.ok(messageOf(frame).equals(huge));
      },
    });
    const startedAt = performance.now();
    for (let at = 0; at < bytes.length; at += 4096) reader.read(bytes.subarray(at, at + 4096));
    assert.equal(got, 1);
    // 8192 pieces of 32 MB: joined for each piece this would be 128 GB of copying, over ten seconds anywhere.
    assert.ok(performance.now() - startedAt < 5000);
  });

  it('keeps a topic of any length that a setting allows', () => {
    const topic = `${'😀'.repeat(128)}:${'x'.repeat(65_535)}`;
    assert.deepEqual(readAll([encodeTopicMessage(topic, Buffer.from('m'))]), [{ topic, message: '6d' }]);
  });

  it('gives up a stream with a frame of no length', () => {
    assert.throws(() => readAll([Buffer.from([0, 0, 0, 0])]), /frame of 0 bytes/);
  });

  it('gives up a stream with a frame larger than any honest one, before it has arrived', () => {
    assert.throws(() => readAll([Buffer.from([0xff, 0xff, 0xff, 0xff])]), /frame of 4294967295 bytes/);
    assert.throws(() => readAll([Buffer.from([0x10, 0, 0, 1])]), /frame of 268435457 bytes/);
    assert.deepEqual(readAll([Buffer.from([0x10, 0, 0, 0])]), [], 'the largest allowed is waited for');
  });

  it('gives the frames before the point where the stream goes wrong', () => {
    const seen: unknown[] = [];
    const reader = new FrameReader({ onControl: (message) => seen.push(message), onTopicMessage: () => {} });
    const good = encodeControl({ type: 'prepared' });
    assert.throws(() => reader.read(Buffer.concat([good, Buffer.alloc(4)])), /frame of 0 bytes/);
    assert.deepEqual(seen, [{ type: 'prepared' }]);
  });

  it('gives up a stream whose control message is no JSON', () => {
    assert.throws(() => readAll([Buffer.from([0, 0, 0, 2, 0, 0x7b])]), SyntaxError);
  });
});
