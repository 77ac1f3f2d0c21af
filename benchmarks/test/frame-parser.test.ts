import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FrameParser } from '../src/load/frame-parser.ts';

/** Collects what a parser finds, as text. */
class Seen {
  readonly found: string[] = [];
  message(bytes: Buffer, start: number, end: number): void {
    this.found.push(`text ${bytes.toString('utf8', start, end)}`);
  }
  ping(payload: Buffer): void {
    this.found.push(`ping ${payload.toString()}`);
  }
  closed(code: number): void {
    this.found.push(`close ${code}`);
  }
}

function parse(chunks: readonly Buffer[]): string[] {
  const seen = new Seen();
  const parser = new FrameParser(seen);
  for (const chunk of chunks) parser.push(chunk, 0, chunk.length);
  return seen.found;
}

const MIDDLE = 'm'.repeat(300);
const LONG = 'l'.repeat(65_536);
// Literal headers: RFC 6455, 5.2 and 5.7.
const STREAM = Buffer.concat([
  Buffer.from('810548656c6c6f', 'hex'),
  Buffer.from('8100', 'hex'),
  Buffer.from('817e012c', 'hex'),
  Buffer.from(MIDDLE),
  Buffer.from('890548656c6c6f', 'hex'),
  Buffer.from('8a00', 'hex'),
  Buffer.from('817e0001', 'hex'),
  Buffer.from('x'),
  Buffer.from('88021004', 'hex'),
]);
const EXPECTED = ['text Hello', 'text ', `text ${MIDDLE}`, 'ping Hello', 'text x', 'close 4100'];

test('parses text, ping, pong and close frames that come at once', () => {
  assert.deepEqual(parse([STREAM]), EXPECTED);
});

test('parses frames split at every byte', () => {
  for (let cut = 0; cut <= STREAM.length; cut++) {
    assert.deepEqual(parse([STREAM.subarray(0, cut), STREAM.subarray(cut)]), EXPECTED, `cut at ${cut}`);
  }
});

test('parses frames cut in pieces of every size', () => {
  for (let size = 1; size <= 40; size++) {
    const pieces = Array.from({ length: Math.ceil(STREAM.length / size) }, (_, i) =>
      STREAM.subarray(i * size, (i + 1) * size),
    );
    assert.deepEqual(parse(pieces), EXPECTED, `pieces of ${size}`);
  }
});

test('parses a 64-bit length, whole, split inside its header, and in pieces', () => {
  const frame = Buffer.concat([
    Buffer.from('817f0000000000010000', 'hex'),
    Buffer.from(LONG),
    Buffer.from('8100', 'hex'),
  ]);
  const expected = [`text ${LONG}`, 'text '];
  assert.deepEqual(parse([frame]), expected);
  for (const cut of [
    ...Array.from({ length: 13 }, (_, i) => i),
    40_000,
    frame.length - 3,
    frame.length - 2,
    frame.length - 1,
  ]) {
    assert.deepEqual(parse([frame.subarray(0, cut), frame.subarray(cut)]), expected, `cut at ${cut}`);
  }
  const pieces = Array.from({ length: Math.ceil(frame.length / 1_000) }, (_, i) =>
    frame.subarray(i * 1_000, (i + 1) * 1_000),
  );
  assert.deepEqual(parse(pieces), expected);
});

test('reads only between start and end of a shared buffer', () => {
  const seen = new Seen();
  const parser = new FrameParser(seen);
  const shared = Buffer.from('ffff810548656c6c6fffff', 'hex');
  parser.push(shared, 2, 6);
  parser.push(shared, 6, 9);
  assert.deepEqual(seen.found, ['text Hello']);
});

test('a carried frame outlives the buffer it came in', () => {
  const seen = new Seen();
  const parser = new FrameParser(seen);
  const shared = Buffer.from('81054865', 'hex');
  parser.push(shared, 0, 4);
  shared.set(Buffer.from('6c6c6f', 'hex'));
  parser.push(shared, 0, 3);
  assert.deepEqual(seen.found, ['text Hello']);
});

test('a close frame without a code is 1005', () => {
  assert.deepEqual(parse([Buffer.from('8800', 'hex')]), ['close 1005']);
});

test('refuses what Sluice never sends', () => {
  assert.throws(() => parse([Buffer.from('81855a13c72e', 'hex')]), /masked/);
  assert.throws(() => parse([Buffer.from('0100', 'hex')]), /0x1/);
  assert.throws(() => parse([Buffer.from('830100', 'hex')]), /0x83/);
  assert.throws(() => parse([Buffer.from('c100', 'hex')]), /0xc1/);
  assert.throws(() => parse([Buffer.from('817f7fffffffffffffff', 'hex')]), /bytes from the server/);
});
