import type { FastifyCorsOptions } from '@fastify/cors';
import { allowsOrigin } from '@sluice/core';
import type { Settings } from './config/settings.ts';

/** What the limits of the API tell; scripts see no other header unless it is named. */
const EXPOSED = ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset', 'Retry-After'];

/** Options of the CORS plugin; null where no page may read an answer. */
export function corsOptions({ origins, methods, headers, credentials }: Settings['cors']): FastifyCorsOptions | null {
  if (origins.length === 0) return null;
  const isForAll = origins.some((pattern) => pattern === '*' || pattern === 'any');
  return {
    // Browsers take no `*` together with credentials, so that the origin itself has to be named.
    origin: isForAll && !credentials ? '*' : (origin, callback) => callback(null, allowsOrigin(origins, origin)),
    methods: [...methods],
    allowedHeaders: [...headers],
    exposedHeaders: EXPOSED,
    credentials,
  };
}
