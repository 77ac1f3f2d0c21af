import type { AddressLimit, AppStore, Hub } from '@sluice/core';
import type { FastifyError, FastifyPluginCallback } from 'fastify';
import { authenticate, checkDigest } from './auth.ts';
import { HttpError, httpError } from './errors.ts';
import { addressHook } from './rate.ts';
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
    checkDigest(body, query);
    if (!app.enabled) throw httpError('appDisabled');
    space.counters.httpCalls++;
    space.counters.httpBytesReceived += body.length;
    request.authenticated = { app, space, query, body };
  });

  api.addHook('onSend', async (request, _reply, payload) => {
    const counters = request.authenticated?.space.counters;
    if (counters !== undefined && typeof payload === 'string') counters.httpBytesSent += Buffer.byteLength(payload);
    return payload;
  });

  api.setErrorHandler<FastifyError | HttpError>((error, request, reply) => {
    const answer = toHttpError(error, api.initialConfig.bodyLimit ?? 0);
    if (answer.status >= 500)
      hub.ports.onError(error, { stage: `${request.method} ${request.routeOptions.url ?? ''}` });
    if (answer.status === 429 && !reply.hasHeader('retry-after')) reply.header('retry-after', '1');
    return reply.code(answer.status).type('text/plain; charset=utf-8').send(`${answer.message}\n`);
  });

  eventRoutes(api, hub);
  channelRoutes(api, hub);
  userRoutes(api, hub);
  done();
};

function toHttpError(error: FastifyError | HttpError, bodyLimit: number): HttpError {
  if (error instanceof HttpError) return error;
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return httpError('bodyTooLarge', bodyLimit);
  if (error.statusCode !== undefined && error.statusCode < 500) return new HttpError(error.statusCode, error.message);
  return httpError('internal');
}
