import { freemem, totalmem } from 'node:os';
import type { AppStore } from '@sluice/core';
import type { FastifyPluginCallback, FastifyReply } from 'fastify';

export interface HealthOptions {
  readonly apps: AppStore;
  readonly state: () => HealthState;
  /** Whether `/ready` says yes to a degraded node. */
  readonly isReadyDegraded: boolean;
  /** Whether `/usage` answers. */
  readonly usageEnabled: boolean;
}

/** `draining` from the moment that a shutdown begins; `degraded` while other nodes cannot be reached. */
export type HealthState = 'well' | 'degraded' | 'draining';

/** Load balancers ask with HEAD too. */
const PROBE = { exposeHeadRoute: true } as const;

/** Health checks: unsigned, cheap, and never wrong about a shutdown. The body and `X-Health-Check` say the same word. */
export const healthRoutes: FastifyPluginCallback<HealthOptions> = (
  server,
  { apps, state, isReadyDegraded, usageEnabled },
  done,
) => {
  server.get('/', PROBE, (_request, reply) =>
    reply.type('text/plain').send('Sluice is running. Clients connect to /app/{key}.\n'),
  );

  /** Whether this node should be sent traffic. */
  server.get('/ready', PROBE, (_request, reply) => {
    if (state() === 'draining') return say(reply, 503, 'DRAINING');
    return state() === 'well' || isReadyDegraded ? say(reply, 200, 'READY') : say(reply, 503, 'DEGRADED');
  });

  /** Whether the process works at all; a draining one does. */
  server.get('/live', PROBE, (_request, reply) => say(reply, 200, 'LIVE'));

  /** A degraded one works for the clients that it has. */
  server.get('/up', PROBE, (_request, reply) => {
    if (state() === 'draining') return say(reply, 503, 'DRAINING');
    return say(reply, 200, state() === 'degraded' ? 'DEGRADED' : 'OK');
  });

  server.get<{ Params: { readonly appId: string } }>('/up/:appId', PROBE, async (request, reply) => {
    const app = await apps.byId(request.params.appId);
    if (app === undefined) return say(reply, 404, 'NOT_FOUND');
    if (state() === 'draining') return say(reply, 503, 'DRAINING');
    return app.enabled ? say(reply, 200, 'OK') : say(reply, 503, 'ERROR');
  });

  if (usageEnabled) server.get('/usage', PROBE, () => ({ memory: memoryUsage() }));
  done();
};

function say(reply: FastifyReply, status: number, word: string): FastifyReply {
  if (status === 503) reply.header('retry-after', '1');
  return reply.code(status).header('x-health-check', word).type('text/plain; charset=utf-8').send(word);
}

/** Memory of the machine in bytes, as autoscalers ask for it. */
function memoryUsage(): { free: number; used: number; total: number; percent: number } {
  const total = totalmem();
  const free = freemem();
  return { free, used: total - free, total, percent: Math.round(((total - free) / total) * 1000) / 10 };
}
