import type { CloseReason } from '@sluice/protocol';

/** One message in wire form, made once and shared by all who get it. */
export interface Frame {
  /** What is inside, UTF-8 where it is text; never changed after the frame was made. */
  readonly payload: Uint8Array;
}

/** Makes frames; what a frame looks like is the engine's own business. */
export interface Framer {
  frame(text: string): Frame;
  /** `payload`: the text in UTF-8. */
  frameBytes(payload: Uint8Array): Frame;
  binaryFrame(payload: Uint8Array): Frame;
  /** Calls `done` once everything handed to transports so far was written out or is waiting for a slow client. */
  afterFlush(done: () => void): void;
}

/**
 * One client's way out. `send` MUST keep the order of its calls and MUST NOT block or throw: what
 * happens to a client that reads too slowly is the engine's business (it closes with 4100 or drops, as configured).
 */
export interface Transport {
  /** False if the frame was dropped. What was taken reaches the client, unless its connection ends. */
  send(frame: Frame): boolean;
  /** The client reads too slowly, and what it is sent waits. When it is over, {@link Hub.drained} MUST be called. */
  readonly slow: boolean;
  close(reason: CloseReason): void;
}
