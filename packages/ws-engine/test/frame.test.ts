import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { constants, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import * as ws from 'ws';
import { MessageFrame } from '../src/frame.ts';

describe('a text frame', () => {
  it('is the two bytes of RFC 6455 and the text', () => {
    assert.equal(MessageFrame.ofText('Hello').bytes.toString('hex'), '810548656c6c6f');
  });

  it('has no more than a header for an empty text', () => {
    assert.equal(MessageFrame.ofText('').bytes.toString('hex'), '8100');
  });

  for (const [length, header] of [
    [125, '817d'],
    [126, '817e007e'],
    [65_535, '817effff'],
    [65_536, '817f0000000000010000'],
  ] as const) {
    it(`has the header ${header} for ${length} bytes`, () => {
      const { bytes } = MessageFrame.ofText('x'.repeat(length));
      assert.equal(bytes.subarray(0, header.length / 2).toString('hex'), header);
      assert.deepEqual(bytes, frameOfWs(Buffer.from('x'.repeat(length))));
    });
  }

  it('is what ws itself would send, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        assert.deepEqual(MessageFrame.ofText(text).bytes, frameOfWs(Buffer.from(text)));
      }),
    );
  });

  it('is the same from text and from its bytes, and gives the bytes back', () => {
    for (const text of ['', 'a', 'ü😀\u2028', 'x'.repeat(70_000)]) {
      const bytes = Buffer.from(text);
      assert.deepEqual(MessageFrame.ofTextBytes(bytes).bytes, MessageFrame.ofText(text).bytes);
      assert.deepEqual(MessageFrame.ofText(text).payload, bytes);
    }
  });
});

describe('a binary frame', () => {
  it('is what ws itself would send, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const frame = MessageFrame.ofBinary(bytes);
        assert.deepEqual(frame.bytes, frameOfWs(Buffer.from(bytes), { opcode: 2 }));
        assert.deepEqual([frame.isBinary, frame.payload.equals(bytes)], [true, true]);
      }),
    );
  });

  it('stays binary when it is compressed', () => {
    const frame = MessageFrame.ofBinary(Buffer.alloc(2000, 'long '));
    const { bytes, payload } = frame.deflated;
    assert.equal(bytes[0], 0xc2);
    assert.equal(inflated(payload).toString(), frame.payload.toString());
  });
});

describe('a compressed text frame', () => {
  const json = (length: number): string => JSON.stringify(Array.from({ length }, (_, i) => ({ i, square: i * i })));

  for (const [name, text] of [
    ['1024 bytes', 'x'.repeat(1024)],
    ['more than a byte of length says', json(100)],
    ['64 KiB', json(3000)],
    ['1 MiB', json(37_000).slice(0, 1_048_576)],
  ] as const) {
    it(`has RSV1, and inflates to its text, for ${name}`, () => {
      const frame = MessageFrame.ofText(text);
      const { bytes, payload } = frame.deflated;
      assert.equal(bytes[0], 0xc1);
      assert.deepEqual(bytes, frameOfWs(payload, { rsv1: true }));
      assert.notEqual(payload.subarray(-4).toString('hex'), '0000ffff', 'RFC 7692 §7.2.1 leaves it out');
      assert.ok(inflated(payload).toString() === text);
      assert.ok(bytes.length < frame.bytes.length);
    });
  }

  it('is the frame itself below 1 KiB, above 1 MiB, and where it would be no smaller', () => {
    for (const payload of ['x'.repeat(1023), 'x'.repeat(1_048_577), randomBytes(2000).toString('latin1')]) {
      const frame = MessageFrame.ofTextBytes(Buffer.from(payload, 'latin1'));
      assert.ok(frame.deflated === frame);
    }
  });

  it('is made once', () => {
    const frame = MessageFrame.ofText(json(100));
    assert.equal(frame.deflated, frame.deflated);
  });

  it('keeps no more than its bytes', () => {
    const { bytes } = MessageFrame.ofText(json(30_000)).deflated;
    assert.ok(bytes.buffer.byteLength <= Math.max(bytes.length, Buffer.poolSize));
  });
});

/** What types of ws leave out: its Sender is public. */
const { Sender } = ws as unknown as { readonly Sender: { frame(data: Buffer, options: object): Buffer[] } };

function frameOfWs(payload: Buffer, { rsv1 = false, opcode = 1 } = {}): Buffer {
  const options = { fin: true, opcode, mask: false, readOnly: true, rsv1 };
  return Buffer.concat(Sender.frame(payload, options));
}

/** As a client does it (RFC 7692 §7.2.2). */
function inflated(payload: Buffer): Buffer {
  const whole = Buffer.concat([payload, Buffer.from([0x00, 0x00, 0xff, 0xff])]);
  return inflateRawSync(whole, { finishFlush: constants.Z_SYNC_FLUSH });
}
