import { clientAddress, type FromAddress } from './client-address.ts';
import type { HubPorts } from './hub.ts';
import type { RequestContext } from './ports/index.ts';

/** How often one address may ask for something. */
export interface AddressLimit {
  /** Limits of the same name count together. */
  readonly name: string;
  readonly max: number;
  readonly windowMs: number;
  /** Proxies in front of the server whose word is taken for where a request came from. */
  readonly trustHops: number;
}

/** What a client is told of how it stands. */
export type RateHeaders = Readonly<Record<string, number>>;

export interface AddressCheck {
  readonly isTaken: boolean;
  /** `retry-after` is among them on a refusal only. */
  readonly headers: RateHeaders;
}

/** Counts a request under its address, over all workers of the node. */
export async function takeAddress(
  { registry, metrics }: Pick<HubPorts, 'registry' | 'metrics'>,
  { name, max, windowMs, trustHops }: AddressLimit,
  { request, context }: { readonly request: FromAddress; readonly context: RequestContext },
): Promise<AddressCheck> {
  const address = clientAddress(request, trustHops);
  const { taken, remaining, resetMs } = await registry.take({
    name: `address:${name}:${address}`,
    points: 1,
    max,
    windowMs,
  });
  metrics.addressChecked(context, taken ? 'taken' : 'refused');
  const seconds = Math.ceil(resetMs / 1000);
  const headers = { 'x-ratelimit-limit': max, 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': seconds };
  return { isTaken: taken, headers: taken ? headers : { ...headers, 'retry-after': seconds } };
}
