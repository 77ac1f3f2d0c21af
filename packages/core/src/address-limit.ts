import { clientAddress, type RequestOrigin } from './client-address.ts';
import type { RateAnswer, Registry } from './ports/index.ts';

/** How often one address may ask for something. */
export interface AddressLimit {
  /** Limits of the same name count together. */
  readonly name: string;
  readonly max: number;
  readonly windowMs: number;
  /** Proxies in front of the server whose word is taken for where a request came from. */
  readonly trustHops: number;
}

export interface RateHeaders {
  readonly 'x-ratelimit-limit': number;
  readonly 'x-ratelimit-remaining': number;
  /** Seconds until all of it may be used again. */
  readonly 'x-ratelimit-reset': number;
  /** On a refusal only, in seconds. */
  readonly 'retry-after'?: number;
}

/** Counts a request under its address, over all workers of the node. */
export function takeAddress(registry: Registry, limit: AddressLimit, origin: RequestOrigin): Promise<RateAnswer> {
  const { name, max, windowMs, trustHops } = limit;
  return registry.take({ name: `address:${name}:${clientAddress(origin, trustHops)}`, points: 1, max, windowMs });
}

/** Tells a client how it stands. */
export function rateHeaders({ max }: AddressLimit, { taken, remaining, resetMs }: RateAnswer): RateHeaders {
  const seconds = Math.ceil(resetMs / 1000);
  return {
    'x-ratelimit-limit': max,
    'x-ratelimit-remaining': remaining,
    'x-ratelimit-reset': seconds,
    ...(taken ? {} : { 'retry-after': seconds }),
  };
}
