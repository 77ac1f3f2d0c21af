import { isUtf8 } from 'node:buffer';
import { type App, type Hub, publishError } from '@sluice/core';
import { isJsonObject } from '@sluice/protocol';
import type { FastifyInstance } from 'fastify';
import { httpError } from '../errors.ts';
import { type EventRequest, parseEvent } from '../event-parameters.ts';
import { accept, infoOf, publishEvent, refused } from '../publishing.ts';
import { authenticatedOf, parametersOf, queryValue } from '../request.ts';

/** `POST /events`, `POST /batch_events` and the deprecated `POST /channels/{name}/events`. */
export function eventRoutes(api: FastifyInstance, hub: Hub): void {
  // Most requests do not come here: direct-publish.ts.
  api.post('/apps/:appId/events', async (request) => publishEvent(hub, authenticatedOf(request)));

  // Deprecated by Pusher, still sent by old libraries: the body is the data, as it is.
  api.post<{ Params: { readonly channel: string } }>(
    '/apps/:appId/channels/:channel/events',
    async (request, reply) => {
      const { app, query, body } = authenticatedOf(request);
      if (!isUtf8(body)) throw httpError('invalidBody', 'not valid UTF-8');
      const { event } = parseEvent({
        name: queryValue(query, 'name'),
        channel: request.params.channel,
        data: body.toString(),
        socket_id: queryValue(query, 'socket_id'),
      });
      await accept(hub, app, [event]);
      return reply.code(202).send({});
    },
  );

  api.post('/apps/:appId/batch_events', async (request) => {
    const authenticated = authenticatedOf(request);
    const { app } = authenticated;
    const { batch } = parametersOf(authenticated);
    if (!Array.isArray(batch)) throw httpError('missingParameter', 'batch');
    const { maxBatchSize } = app.limits;
    if (batch.length > maxBatchSize) throw refused(publishError('batchTooLarge', batch.length, maxBatchSize));
    const asked = batch.map((entry: unknown) => {
      if (!isJsonObject(entry)) throw httpError('invalidParameter', 'batch has to be a list of objects');
      if ((entry['channels'] ?? null) !== null)
        throw httpError('invalidParameter', 'an event of a batch has one channel');
      return parseEvent(entry);
    });
    await accept(
      hub,
      app,
      asked.map(({ event }) => event),
    );
    if (asked.every(({ info }) => info.size === 0)) return {};
    return { batch: await Promise.all(asked.map((one) => batchInfo(hub, app, one))) };
  });
}

async function batchInfo(hub: Hub, app: App, request: EventRequest): Promise<object> {
  if (request.info.size === 0) return {};
  const [first] = await infoOf(hub, app, request);
  return first?.[1] ?? {};
}
