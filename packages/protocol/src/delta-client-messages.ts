import { DELTA_ALGORITHMS, type DeltaAlgorithm } from './delta-messages.ts';
import { type ProtocolError, protocolError } from './errors.ts';
import { isJsonObject } from './json.ts';
import { payload } from './payload.ts';

/** `pusher:enable_delta_compression`. */
export interface EnableDeltaCompression {
  readonly type: 'enable_delta_compression';
  /** Those the client can decode, of those there are; all of them where it names none. */
  readonly algorithms: readonly DeltaAlgorithm[];
  /** It takes deltas as binary messages. */
  readonly binary: boolean;
}

/** `pusher:delta_sync_error`: the client lacks the base of a delta. */
export interface DeltaSyncError {
  readonly type: 'delta_sync_error';
  readonly channel: string;
}

/** `delta` of a subscription. */
export type SubscriptionDelta =
  | { readonly enabled: false }
  | { readonly enabled: true; readonly algorithm: DeltaAlgorithm | undefined };

export function decodeEnableDeltaCompression(data: unknown): EnableDeltaCompression {
  const { algorithms: named, binary } = payload(data);
  const algorithms = Array.isArray(named)
    ? DELTA_ALGORITHMS.filter((algorithm) => named.some((name) => algorithmNamed(name) === algorithm))
    : DELTA_ALGORITHMS;
  return { type: 'enable_delta_compression', algorithms, binary: binary === true };
}

export function decodeDeltaSyncError(
  data: unknown,
): { readonly message: DeltaSyncError } | { readonly error: ProtocolError } {
  const { channel } = payload(data);
  if (typeof channel !== 'string') return { error: protocolError('missingParameter', 'data.channel') };
  return { message: { type: 'delta_sync_error', channel } };
}

/** `undefined` where the client leaves it to the connection; so does anything that is none of the known forms. */
export function decodeSubscriptionDelta(raw: unknown): SubscriptionDelta | undefined {
  if (typeof raw === 'boolean') return raw ? { enabled: true, algorithm: undefined } : { enabled: false };
  if (typeof raw === 'string') {
    const off = ['disabled', 'false', 'none'].includes(raw.toLowerCase());
    return off ? { enabled: false } : { enabled: true, algorithm: algorithmNamed(raw) };
  }
  if (!isJsonObject(raw)) return undefined;
  return raw['enabled'] === false ? { enabled: false } : { enabled: true, algorithm: algorithmNamed(raw['algorithm']) };
}

function algorithmNamed(name: unknown): DeltaAlgorithm | undefined {
  if (typeof name !== 'string') return undefined;
  const lower = name.toLowerCase();
  return lower === 'vcdiff' ? 'xdelta3' : DELTA_ALGORITHMS.find((algorithm) => algorithm === lower);
}
