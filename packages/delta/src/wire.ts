import type { Algorithm } from './codec.ts';

/** What makes a full frame a base. */
export interface Marks {
  readonly sequence: number;
  /** `undefined` on a channel without keys; empty for a frame without one. */
  readonly key: string | undefined;
}

export interface DeltaParts extends Marks {
  readonly channel: string;
  /** The text that the patch makes. */
  readonly text: string;
  readonly algorithm: Algorithm;
  /** The client knows the algorithm, so that JSON need not name it. */
  readonly isAlgorithmTold: boolean;
  readonly base: number;
}

export interface CacheParts {
  readonly channel: string;
  readonly conflationKey: string;
  readonly maxMessagesPerKey: number;
  readonly states: readonly {
    readonly key: string;
    readonly frames: readonly { readonly text: string; readonly sequence: number }[];
  }[];
}

/** What deltas travel in; `deltaMessages` of packages/protocol is that of Pusher's protocol. */
export interface DeltaWire {
  fullFrame(text: string, marks: Marks): string;
  /** True for a text that {@link fullFrame} could not be told from. */
  holdsDeltaMarks(text: string): boolean;
  deltaFrame(parts: DeltaParts & { readonly patch: Uint8Array }): string;
  /** Bytes around the patch, which is base64. */
  deltaEnvelopeBytes(parts: DeltaParts): number;
  binaryDelta(parts: DeltaParts & { readonly patch: Uint8Array }): Uint8Array;
  /** Bytes before the patch. */
  binaryDeltaHeaderBytes(parts: DeltaParts): number;
  deltaCacheSync(parts: CacheParts): string;
}

/** Makes of a message what sockets are written; once per message. */
export interface FramePress<Frame> {
  ofText(text: string): Frame;
  ofBytes(bytes: Uint8Array): Frame;
}
