import type { App, ChannelSummary, Hub, KeptEvent } from '@sluice/core';
import { type ChannelName, parseChannelName } from '@sluice/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { httpError } from '../errors.ts';
import { ALL_ATTRIBUTES, type Attribute, attributesOf, byChannel, COUNTS, isPresence, parseInfo } from '../info.ts';
import { takeRate } from '../rate.ts';
import { authenticatedOf, queryValue } from '../request.ts';

interface ChannelRoute {
  Params: { readonly channel: string };
}

/** `GET /channels`, `/channels/{name}`, its `/users` and the deprecated `/stats`, answered from the node's registry. */
export function channelRoutes(api: FastifyInstance, hub: Hub): void {
  api.get('/apps/:appId/channels', async (request) => {
    const { app, info } = await readRequest(hub, request, COUNTS);
    const prefix = queryValue(authenticatedOf(request).query, 'filter_by_prefix') ?? '';
    if (info.has('user_count') && !isPresence(prefix)) throw httpError('userCountNeedsPresenceFilter');
    const summaries = await hub.ports.registry.channels(app.id, prefix);
    return { channels: byChannel(summaries.map((s) => [s.channel, attributesOf(app, s, info)] as const)) };
  });

  api.get<ChannelRoute>('/apps/:appId/channels/:channel', async (request) => {
    const { app, info } = await readRequest(hub, request, ALL_ATTRIBUTES);
    const name = channelOf(app, request.params.channel);
    if (info.has('user_count') && name.kind !== 'presence') throw httpError('userCountNeedsPresence');
    const summary = await summaryOf(hub, app, name);
    const counts = { occupied: summary.subscriptions > 0, ...attributesOf(app, summary, info) };
    return info.has('cache') ? { ...counts, cache: await cacheOf(hub, app, name) } : counts;
  });

  // Deprecated by Pusher, still asked by old libraries.
  api.get<ChannelRoute>('/apps/:appId/channels/:channel/stats', async (request) => {
    const { app } = await readRequest(hub, request, []);
    const summary = await summaryOf(hub, app, channelOf(app, request.params.channel));
    return { occupied: summary.subscriptions > 0, user_count: summary.users };
  });

  api.get<ChannelRoute>('/apps/:appId/channels/:channel/users', async (request) => {
    const { app } = await readRequest(hub, request, []);
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

async function readRequest(hub: Hub, request: FastifyRequest, available: readonly Attribute[]): Promise<ReadRequest> {
  const { app, query } = authenticatedOf(request);
  const maxPerSecond = app.limits.maxReadRequestsPerSecond;
  if (maxPerSecond > 0) await takeRate(hub, app, { kind: 'read_requests', points: 1, maxPerSecond });
  const info = parseInfo(queryValue(query, 'info'), available);
  if (info.has('subscription_count') && !app.subscriptionCount) throw httpError('subscriptionCountDisabled');
  return { app, info };
}

interface Cache {
  readonly data: string;
  /** Seconds that it is still kept. */
  readonly ttl: number;
}

/** What a cache channel keeps; null for nothing. */
async function cacheOf(hub: Hub, app: App, name: ChannelName): Promise<Cache | null> {
  if (!name.cached) throw httpError('cacheNeedsCacheChannel');
  const kept = await new Promise<KeptEvent | null>((resolve) => hub.ports.registry.kept(app.id, name.raw, resolve));
  if (kept === null) return null;
  const { data } = JSON.parse(kept.text) as { readonly data: string };
  return { data, ttl: Math.ceil(kept.ttlMs / 1000) };
}

async function summaryOf(hub: Hub, app: App, name: ChannelName): Promise<ChannelSummary> {
  const [summary] = await hub.ports.registry.summaries(app.id, [name.raw]);
  if (summary === undefined) throw new Error('the registry left out a channel');
  return summary;
}

function channelOf(app: App, raw: string): ChannelName {
  const name = parseChannelName(raw, app.limits.maxChannelNameLength);
  if (name === undefined) throw httpError('invalidChannelName', raw);
  return name;
}
