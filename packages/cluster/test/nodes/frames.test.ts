import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  decodeFrame,
  encodeGathered,
  encodeNumbered,
  encodeRepeated,
  type NodeFrame,
  type NumberedMessage,
} from '../../src/nodes/frames.ts';

const ORIGIN = 'aaaaaaaaaaaaaaaa';
const MOST = 2 ** 48 - 1;

const MESSAGE = fc
  .tuple(fc.nat(MOST), fc.nat(MOST), fc.uint8Array({ maxLength: 300 }))
  .map(([number, previous, bytes]): NumberedMessage => ({ number, previous, body: Buffer.from(bytes) }));

const framesOf = (messages: readonly NumberedMessage[]): Buffer[] => {
  return messages.map((message) => encodeNumbered(ORIGIN, message));
};

describe('A frame between nodes', () => {
  it('gives back the message, alone, repeated or gathered with others', () => {
    fc.assert(
      fc.property(fc.array(MESSAGE, { minLength: 2, maxLength: 20 }), fc.string(), (messages, topic) => {
        const frames = framesOf(messages);
        assert.deepEqual(decodeFrame(encodeGathered(frames)), { kind: 'numbered', origin: ORIGIN, messages });
        for (const [i, message] of messages.entries()) {
          const frame = frames[i] ?? Buffer.alloc(0);
          const alone: NodeFrame = { kind: 'numbered', origin: ORIGIN, messages: [message] };
          assert.deepEqual(decodeFrame(frame), alone);
          const repeated = encodeRepeated(topic, frame) ?? Buffer.alloc(0);
          assert.deepEqual(decodeFrame(repeated), { kind: 'repeated', origin: ORIGIN, topic, message });
        }
      }),
    );
  });

  it('that is cut short is not taken for a shorter one, unless that ends where a message does', () => {
    const messages = [10, 0, 20].map((length, i) => ({ number: i + 1, previous: i, body: Buffer.alloc(length, 'x') }));
    const gathered = encodeGathered(framesOf(messages));
    const whole = new Set(messages.map((_, i) => encodeGathered(framesOf(messages.slice(0, i + 1))).length));
    for (let length = 11; length < gathered.length; length++) {
      const decoded = decodeFrame(gathered.subarray(0, length));
      assert.equal(decoded !== undefined, whole.has(length), `${length} bytes`);
    }
  });

  it('of any bytes is decoded or refused, never more', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(4), (bytes, kind) => {
        const frame = decodeFrame(Buffer.from([1, kind, ...bytes]));
        if (frame?.kind !== 'numbered') return;
        const length = frame.messages.reduce((sum, { body }) => sum + body.length, 0);
        assert.ok(length <= bytes.length);
      }),
    );
  });
});
