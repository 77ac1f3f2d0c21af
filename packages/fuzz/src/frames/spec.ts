import { constants, deflateRawSync } from 'node:zlib';
import { type FrameSpec, OPCODE } from '@sluice/testkit';
import fc from 'fast-check';
import { flag, hostileJson, rarely } from '../hostile.ts';
import { message, renderMessage } from '../text/message.ts';
import { packetsOf } from './packets.ts';

/** A socket id that the connection does not have: signatures are wrong here, and frames are what counts. */
const NO_ID = '1.1';

const opcode = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<number>(...Object.values(OPCODE)) },
  { weight: 1, arbitrary: fc.nat({ max: 15 }) },
);

const payload: fc.Arbitrary<string | Buffer> = fc.oneof(
  { weight: 6, arbitrary: message.map((each) => renderMessage(each, NO_ID)) },
  { weight: 1, arbitrary: hostileJson },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 130 }).map((bytes) => Buffer.from(bytes)) },
  // Close codes, those that must not be sent among them.
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom(0, 999, 1000, 1001, 1005, 1006, 1015, 3000, 4001, 4999, 65_535),
        fc.string({ maxLength: 8 }),
      )
      .map(([code, reason]) => Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)])),
  },
  { weight: 1, arbitrary: fc.constantFrom(125, 126, 65_535, 65_536, 70_000).map((length) => 'x'.repeat(length)) },
);

const declaredLength = fc.constantFrom(
  0n,
  1n,
  125n,
  126n,
  127n,
  65_535n,
  65_536n,
  1n << 31n,
  1n << 53n,
  1n << 63n,
  (1n << 64n) - 1n,
);

/** Anything may be wrong with it. */
export const plainSpec: fc.Arbitrary<FrameSpec> = fc
  .record({
    opcode,
    payload,
    fin: flag(6).map((isOpen) => !isOpen),
    reserved: fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 7 }) }),
    masked: flag(20).map((isBare) => !isBare),
    declaredLength: rarely(declaredLength),
  })
  .map(({ declaredLength: length, ...rest }) => (length === undefined ? rest : { ...rest, declaredLength: length }));

const text = message.map((each) => renderMessage(each, NO_ID));

/** As a client should, so that what comes after it is read too. */
export const rightSpec: fc.Arbitrary<FrameSpec> = fc.oneof(
  { weight: 6, arbitrary: text.map((payload) => ({ payload })) },
  {
    weight: 1,
    arbitrary: fc.record({ opcode: fc.constantFrom(OPCODE.ping, OPCODE.pong), payload: fc.string({ maxLength: 20 }) }),
  },
);

/** A message in parts, with a ping between two of them. */
export const fragments: fc.Arbitrary<readonly FrameSpec[]> = fc
  .tuple(text, fc.array(fc.nat({ max: 100 }), { minLength: 1, maxLength: 3 }))
  .map(([whole, cuts]) => {
    const parts = packetsOf(Buffer.from(whole), cuts);
    const frames = parts.map((payload, i): FrameSpec => {
      return { opcode: i === 0 ? OPCODE.text : OPCODE.continuation, payload, fin: i === parts.length - 1 };
    });
    return [...frames.slice(0, 1), { opcode: OPCODE.ping }, ...frames.slice(1)];
  });

/** The first reserved bit: the message is compressed. */
const COMPRESSED = 4;
/** What zlib ends a piece with, and RFC 7692 §7.2.1 leaves out. */
const TAIL_BYTES = 4;

function deflated(text: string | Buffer): Buffer {
  return deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -TAIL_BYTES);
}

/** Some kilobytes that become megabytes. */
const BOMB = deflated(Buffer.alloc(8 * 1024 ** 2));

export const compressedSpec: fc.Arbitrary<FrameSpec> = fc
  .record({
    payload: fc.oneof(
      { weight: 6, arbitrary: payload.map(deflated) },
      { weight: 1, arbitrary: payload },
      {
        weight: 1,
        arbitrary: fc.tuple(payload, fc.nat({ max: 40 })).map(([text, end]) => deflated(text).subarray(0, end)),
      },
      { weight: 1, arbitrary: fc.constant(BOMB) },
    ),
    fin: flag(6).map((isOpen) => !isOpen),
    opcode: fc.constantFrom(OPCODE.text, OPCODE.text, OPCODE.continuation, OPCODE.ping),
  })
  .map((each) => ({ ...each, reserved: COMPRESSED }));
