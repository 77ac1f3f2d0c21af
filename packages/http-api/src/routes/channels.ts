import type { App, Hub } from '@sluice/core';
import { type ChannelName, parseChannelName } from '@sluice/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { httpError } from '../errors.ts';
import { type Attribute, attributesOf, byChannel, isPresence, parseInfo } from '../info.ts';
import { takeRate } from '../rate.ts';
import { authenticatedOf, queryValue } from '../request.ts';

interface ChannelRoute {
  Params: { readonly channel: string };
}

/** `GET /channels`, `/channels/{name}` and `/channels/{name}/users`, answered from the node's registry. */
export function channelRoutes(api: FastifyInstance, hub: Hub): void {
  api.get('/apps/:appId/channels', async (request) => {
    const { app, info } = await readRequest(hub, request);
    const prefix = queryValue(authenticatedOf(request).query, 'filter_by_prefix') ?? '';
    if (info.has('user_count') && !isPresence(prefix)) throw httpError('userCountNeedsPresenceFilter');
    const summaries = await hub.ports.registry.channels(app.id, prefix);
    return { channels: byChannel(summaries.map((s) => [s.channel, attributesOf(app, s, info)] as const)) };
  });

  api.get<ChannelRoute>('/apps/:appId/channels/:channel', async (request) => {
    const { app, info } = await readRequest(hub, request);
    const { raw } = channelOf(app, request.params.channel);
    if (info.has('user_count') && !isPresence(raw)) throw httpError('userCountNeedsPresence');
    const [summary] = await hub.ports.registry.summaries(app.id, [raw]);
    if (summary === undefined) throw new Error('the registry left out a channel');
    return { occupied: summary.subscriptions > 0, ...attributesOf(app, summary, info) };
  });

  api.get<ChannelRoute>('/apps/:appId/channels/:channel/users', async (request) => {
    const { app } = await readRequest(hub, request);
    const { kind, raw } = channelOf(app, request.params.channel);
    if (kind !== 'presence') throw httpError('usersNeedPresence');
    const users = await hub.ports.registry.users(app.id, raw);
    return { users: users.map((id) => ({ id })) };
  });
}

interface ReadRequest {
  readonly app: App;
  readonly info: ReadonlySet<Attribute>;
}

async function readRequest(hub: Hub, request: FastifyRequest): Promise<ReadRequest> {
  const { app, query } = authenticatedOf(request);
  const maxPerSecond = app.limits.maxReadRequestsPerSecond;
  if (maxPerSecond > 0) await takeRate(hub, app, { kind: 'read_requests', points: 1, maxPerSecond });
  const info = parseInfo(queryValue(query, 'info'));
  if (info.has('subscription_count') && !app.subscriptionCount) throw httpError('subscriptionCountDisabled');
  return { app, info };
}

function channelOf(app: App, raw: string): ChannelName {
  const name = parseChannelName(raw, app.limits.maxChannelNameLength);
  if (name === undefined) throw httpError('invalidChannelName', raw);
  return name;
}
