import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import * as ws from 'ws';
import { TextFrame } from '../src/frame.ts';

describe('a text frame', () => {
  it('is the two bytes of RFC 6455 and the text', () => {
    assert.equal(TextFrame.ofText('Hello').bytes.toString('hex'), '810548656c6c6f');
  });

  it('has no more than a header for an empty text', () => {
    assert.equal(TextFrame.ofText('').bytes.toString('hex'), '8100');
  });

  for (const [length, header] of [
    [125, '817d'],
    [126, '817e007e'],
    [65_535, '817effff'],
    [65_536, '817f0000000000010000'],
  ] as const) {
    it(`has the header ${header} for ${length} bytes`, () => {
      const { bytes } = TextFrame.ofText('x'.repeat(length));
      assert.equal(bytes.subarray(0, header.length / 2).toString('hex'), header);
      assert.equal(bytes.length, header.length / 2 + length);
    });
  }

  it('is what ws itself would send, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        assert.deepEqual(TextFrame.ofText(text).bytes, frameOfWs(Buffer.from(text)));
      }),
    );
  });

  it('is the same from text and from its bytes, and gives the bytes back', () => {
    for (const text of ['', 'a', 'ü😀\u2028', 'x'.repeat(70_000)]) {
      const bytes = Buffer.from(text);
      assert.deepEqual(TextFrame.ofBytes(bytes).bytes, TextFrame.ofText(text).bytes);
      assert.deepEqual(TextFrame.ofText(text).payload, bytes);
    }
  });
});

/** What types of ws leave out: its Sender is public. */
const { Sender } = ws as unknown as { readonly Sender: { frame(data: Buffer, options: object): Buffer[] } };

function frameOfWs(payload: Buffer): Buffer {
  const options = { fin: true, opcode: 1, mask: false, readOnly: true, rsv1: false };
  return Buffer.concat(Sender.frame(payload, options));
}
