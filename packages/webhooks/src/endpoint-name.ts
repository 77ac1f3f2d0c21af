import { createHash } from 'node:crypto';
import { assertNever } from '@sluice/protocol';
import type { WebhookTarget } from './webhook.ts';

/** Half of SHA-256: nobody gains by two targets with one name. */
const NAME_LENGTH = 32;

/**
 * A target's name on all nodes and after a restart, made of nothing that may be secret: without password, query and headers,
 * which may also be changed without what waits being lost. Targets of an app that differ in these alone are told apart by order.
 */
export function endpointName({ destination, eventTypes, filter }: WebhookTarget): string {
  const { prefix, suffix, pattern } = filter;
  const parts = [placeOf(destination), eventTypes, prefix, suffix, pattern];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, NAME_LENGTH);
}

function placeOf(destination: WebhookTarget['destination']): string {
  switch (destination.kind) {
    case 'http': {
      const { origin, pathname } = new URL(destination.url);
      return origin + pathname;
    }
    case 'lambda':
      return `lambda:${destination.region}:${destination.functionName}`;
    default:
      return assertNever(destination);
  }
}
