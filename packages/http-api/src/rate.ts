import { type AddressLimit, type App, type Hub, type RateKind, takeAddress } from '@sluice/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { httpError } from './errors.ts';

export interface AppRate {
  readonly kind: RateKind;
  readonly points: number;
  readonly maxPerSecond: number;
}

/** Takes points of a rate that all workers share, or ends the request with 429. */
export async function takeRate(hub: Hub, app: App, { kind, points, maxPerSecond: max }: AppRate): Promise<void> {
  const { counters } = hub.space(app);
  counters.rateLimitChecks[kind]++;
  const { taken } = await hub.ports.registry.take({ name: `${kind}:${app.id}`, points, max, windowMs: 1000 });
  if (taken) return;
  counters.rateLimitRefusals[kind]++;
  throw httpError('rateLimited', `${max} ${kind.replace('_', ' ')}`);
}

/** Counts a request under its address, says how that stands, and ends it with 429 where it is too much. */
export function addressHook(hub: Hub, limit: AddressLimit) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { isTaken, headers } = await takeAddress(hub.ports, limit, { request: request.raw, context: 'http_api' });
    reply.headers(headers);
    if (!isTaken) throw httpError('addressRateLimited', limit.max, limit.windowMs / 1000);
  };
}
