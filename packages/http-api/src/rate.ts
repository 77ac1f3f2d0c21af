import type { App, Hub, RateRequest } from '@sluice/core';
import { httpError } from './errors.ts';

/** Takes points of a rate that all workers share, or ends the request with 429. */
export async function takeRate(hub: Hub, app: App, rate: Omit<RateRequest, 'appId'>): Promise<void> {
  const { counters } = hub.space(app);
  counters.rateLimitChecks++;
  if (await hub.ports.registry.take({ appId: app.id, ...rate })) return;
  counters.rateLimitRefusals++;
  throw httpError('rateLimited', `${rate.maxPerSecond} ${rate.kind.replace('_', ' ')}`);
}
