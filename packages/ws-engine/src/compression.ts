import type { PerMessageDeflateOptions } from 'ws';
import { SHARED_WINDOW_BITS } from './deflate.ts';

/** Windows of a connection's own, in bits: two to that power is their size in bytes (RFC 7692 §7.1.2). */
const OWN_WINDOW_BITS = {
  dedicated: 15,
  window32kb: 15,
  window16kb: 14,
  window8kb: 13,
  window4kb: 12,
  window2kb: 11,
  window1kb: 10,
  // zlib knows none below 9 bits, but with these it reaches back 250 bytes at the most, so that the window of 8 is kept.
  window256b: 8,
} as const;

/**
 * What is done with clients that offer permessage-deflate (RFC 7692). `shared`: a message is compressed once for all of
 * them. The others: a context, and a compression of every message, for each connection.
 */
export type Compression = 'disabled' | 'shared' | keyof typeof OWN_WINDOW_BITS;

/** What may be agreed with clients at the most. */
export interface WindowLimits {
  /** Of what is sent. */
  readonly serverBits: number;
  /** Of what clients send: what inflating it needs in memory. Only holds for clients that let the server choose. */
  readonly clientBits: number;
  /** Messages are compressed each by itself, both ways. */
  readonly isShared: boolean;
}

/** Messages of clients are short and rare; a larger window would be memory for each connection and little gained. */
const SHARED_CLIENT_BITS = 10;

/** The least that clients are asked for: libraries hand the number to zlib, which may refuse to compress with 8. */
const MIN_CLIENT_BITS = 9;

export function windowLimitsOf(compression: Exclude<Compression, 'disabled'>): WindowLimits {
  if (compression === 'shared') {
    return { serverBits: SHARED_WINDOW_BITS, clientBits: SHARED_CLIENT_BITS, isShared: true };
  }
  const bits = OWN_WINDOW_BITS[compression];
  return { serverBits: bits, clientBits: Math.max(MIN_CLIENT_BITS, bits), isShared: false };
}

/**
 * For ws: clients that it compresses for, and what clients send. The chunks are what zlib writes to, one for each direction of
 * a connection, and 16 KiB if nothing is said; most messages fit into these.
 */
export const DEFLATE_OPTIONS: PerMessageDeflateOptions = {
  zlibDeflateOptions: { chunkSize: 4096 },
  zlibInflateOptions: { chunkSize: 1024 },
};
