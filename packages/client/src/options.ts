import type { FilterExpression } from '@sluice/filter';
import type { Algorithm, DecoderSources } from './decoders.ts';

/** What `pusher:subscribe` of a channel says beyond the channel's name. */
export interface ChannelOptions {
  /** Only messages whose tags it holds for are sent to this subscriber. */
  readonly filter?: FilterExpression;
  /** Deltas for this channel: an algorithm, or `false` for whole messages. Without it, what the server has as default. */
  readonly delta?: DeltaChoice;
}

export type DeltaChoice = boolean | Algorithm | { readonly enabled?: boolean; readonly algorithm?: Algorithm };

export interface DeltaOptions {
  /** By channel name; a name that ends in `*` stands for all that begin so. The longest one that fits is taken. */
  readonly channels?: Readonly<Record<string, ChannelOptions>>;
  /** Where decoders come from, instead of the packages `fossil-delta` and `@ably/vcdiff-decoder`. */
  readonly decoders?: DecoderSources;
  /** Without any, in preference of the server; `[]` leaves deltas off, and the filters on. */
  readonly algorithms?: readonly Algorithm[];
  readonly limits?: Partial<DeltaLimits>;
  /** Told of each delta that could not be decoded, and of decoders that could not be loaded. Nothing needs to be done. */
  readonly onError?: (error: Error) => void;
}

export interface DeltaLimits {
  /** Bytes of messages kept as bases, over all channels of a connection. */
  readonly baseBytes: number;
  /** Conflation keys of a channel of which bases are kept; the one unused for longest goes first. */
  readonly keysPerChannel: number;
  /** A server takes the last message as base. Others are kept to tell repetitions by, and for what a cache sync brings. */
  readonly basesPerKey: number;
  /** A delta that makes a larger message counts as one that could not be decoded. */
  readonly messageBytes: number;
  /** How long the first message waits for decoders that are still being loaded. After that the connection goes without. */
  readonly decoderTimeoutMs: number;
}

export const DEFAULT_LIMITS: DeltaLimits = {
  baseBytes: 16 * 1024 * 1024,
  keysPerChannel: 1000,
  basesPerKey: 3,
  messageBytes: 16 * 1024 * 1024,
  decoderTimeoutMs: 3000,
};
