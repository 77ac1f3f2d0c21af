import type { AddressLimit, AppStore, Hub } from '@sluice/core';
import type { FastifyError, FastifyPluginCallback } from 'fastify';
import { authenticate, withBody } from './auth.ts';
import type { HttpError } from './errors.ts';
import { addressHook } from './rate.ts';
import { REFUSAL_TYPE, refusalOf } from './refusal.ts';
import { authenticatedOf, targetOf } from './request.ts';
import { channelRoutes } from './routes/channels.ts';
import { eventRoutes } from './routes/events.ts';
import { userRoutes } from './routes/users.ts';

export interface HttpApiOptions {
  readonly hub: Hub;
  readonly apps: AppStore;
  /** In front of every path; not part of what clients sign. */
  readonly pathPrefix: string;
  /** Of requests from one address; null: none. */
  readonly addressLimit: AddressLimit | null;
}

const NO_BODY = Buffer.alloc(0);

/** The signed REST API (Pusher "HTTP API reference"). Answers JSON; refusals are plain text with a newline. */
export const httpApi: FastifyPluginCallback<HttpApiOptions> = (api, options, done) => {
  const { hub, apps, pathPrefix, addressLimit } = options;
  // The digest in the signature is of the raw bytes, whatever content type they claim.
  api.removeAllContentTypeParsers();
  api.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
  api.decorateRequest('authenticated', null);

  // Before anything is checked: whoever guesses is slowed down too.
  if (addressLimit !== null) api.addHook('onRequest', addressHook(hub, addressLimit));

  api.addHook('onRequest', async (request) => {
    const { path, query } = targetOf(request.raw.url ?? '', pathPrefix);
    const { appId } = request.params as { readonly appId: string };
    const app = await authenticate({ method: request.method, path, query, appId }, apps, hub.ports.clock);
    request.authenticated = { app, space: hub.space(app), query, body: NO_BODY };
  });

  api.addHook('preHandler', async (request) => {
    const { app, space, query } = authenticatedOf(request);
    const body = Buffer.isBuffer(request.body) ? request.body : NO_BODY;
    request.authenticated = withBody({ app, space, query }, body);
  });

  api.addHook('onSend', async (request, _reply, payload) => {
    const counters = request.authenticated?.space.counters;
    if (counters !== undefined && typeof payload === 'string') counters.httpBytesSent += Buffer.byteLength(payload);
    return payload;
  });

  api.setErrorHandler<FastifyError | HttpError>((error, request, reply) => {
    const stage = `${request.method} ${request.routeOptions.url ?? ''}`;
    const bodyLimit = api.initialConfig.bodyLimit ?? 0;
    const { status, headers, text } = refusalOf(error, { onError: hub.ports.onError, stage, bodyLimit });
    for (const [name, value] of Object.entries(headers)) if (!reply.hasHeader(name)) reply.header(name, value);
    return reply.code(status).type(REFUSAL_TYPE).send(text);
  });

  eventRoutes(api, hub);
  channelRoutes(api, hub);
  userRoutes(api, hub);
  done();
};
