import { type FrameSpec, frame } from '@sluice/testkit';
import fc from 'fast-check';
import { flag } from '../hostile.ts';
import { compressedSpec, fragments, plainSpec, rightSpec } from './spec.ts';

/** What a client writes on one connection, and how it leaves. */
export interface FuzzConnection {
  /** Extensions that its handshake offers; empty for none. */
  readonly offer: string;
  readonly pieces: readonly Piece[];
  /** Whether it is written right behind the handshake, in one packet. */
  readonly isEarly: boolean;
  /** Where it is cut into packets. */
  readonly cuts: readonly number[];
  readonly end: 'half close' | 'reset' | 'stay';
}

/** A frame, or bytes that are none. */
export type Piece = { readonly frame: FrameSpec } | { readonly bytes: Uint8Array };

const OFFERS = [
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits',
  'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=9',
  'permessage-deflate; server_max_window_bits=8',
  'permessage-deflate; server_max_window_bits=7',
  'permessage-deflate; server_max_window_bits="15"',
  'permessage-deflate; client_max_window_bits; client_max_window_bits=10',
  'permessage-deflate; x, permessage-deflate',
  'permessage-deflate; __proto__=1, __proto__, constructor; toString',
  `permessage-deflate; client_max_window_bits=${'9'.repeat(200)}`,
  Array.from({ length: 300 }, () => 'permessage-deflate').join(),
  'permessage-deflate;;',
  'permessage-deflate; a="b',
  ',',
  'é',
];

const pieces = (...frames: readonly FrameSpec[]): readonly Piece[] => frames.map((frame) => ({ frame }));

const some: fc.Arbitrary<readonly Piece[]> = fc.oneof(
  { weight: 12, arbitrary: rightSpec.map((each) => pieces(each)) },
  { weight: 2, arbitrary: fragments.map((each) => pieces(...each)) },
  { weight: 3, arbitrary: plainSpec.map((each) => pieces(each)) },
  { weight: 3, arbitrary: compressedSpec.map((each) => pieces(each)) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => [{ bytes }]) },
);

export const connection: fc.Arbitrary<FuzzConnection> = fc.record({
  offer: fc.oneof({ weight: 2, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constantFrom(...OFFERS) }),
  pieces: fc.array(some, { minLength: 1, maxLength: 6 }).map((each) => each.flat()),
  isEarly: flag(3),
  cuts: fc.array(fc.nat({ max: 300 }), { maxLength: 3 }),
  end: fc.constantFrom('half close', 'half close', 'half close', 'reset', 'stay'),
});

export function bytesOf({ pieces }: FuzzConnection): Buffer {
  return Buffer.concat(pieces.map((each) => ('frame' in each ? frame(each.frame) : each.bytes)));
}
