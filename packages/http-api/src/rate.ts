import { type App, type AddressLimit, type Hub, rateHeaders, type RateKind, takeAddress } from '@sluice/core';
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
  return async ({ headers, socket }: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { registry, metrics } = hub.ports;
    const forwardedFor = headers['x-forwarded-for'];
    const origin = { peer: socket.remoteAddress, forwardedFor: forwardedFor?.toString() };
    const answer = await takeAddress(registry, limit, origin);
    metrics.addressChecked('http_api', answer.taken ? 'taken' : 'refused');
    reply.headers({ ...rateHeaders(limit, answer) });
    if (!answer.taken) throw httpError('addressRateLimited', limit.max, limit.windowMs / 1000);
  };
}
