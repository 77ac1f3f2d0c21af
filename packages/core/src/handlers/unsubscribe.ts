import { protocolError, type Unsubscribe } from '@sluice/protocol';
import type { AppSpace } from '../app-space.ts';
import type { Channel } from '../channel.ts';
import type { Connection } from '../connection.ts';
import type { Hub } from '../hub.ts';
import type { Subscription } from '../subscription.ts';
import { endDeltas } from './deltas.ts';

/** `pusher:unsubscribe`: no reply, as Pusher has it; a pending subscription cannot be given up. */
export function handleUnsubscribe(hub: Hub, connection: Connection, message: Unsubscribe): void {
  const subscription = connection.subscriptions.get(message.channel);
  if (subscription === undefined || subscription.state !== 'active') {
    connection.sendError(protocolError('noSubscription', message.channel));
    return;
  }
  connection.subscriptions.delete(message.channel);
  endSubscription(hub, connection, subscription);
  reportCount(hub, connection.space, subscription.channel);
}

/** Takes a connection out of a channel, whatever state the subscription is in. The count is for the caller to report. */
export function endSubscription(hub: Hub, connection: Connection, subscription: Subscription): void {
  const { channel, state, member } = subscription;
  const { space } = connection;
  subscription.state = 'cancelled';
  // A presence join still under way is taken back when its answer comes: only then is it known to have counted.
  if (state === 'active') {
    channel.audience.remove(connection, subscription);
    endDeltas(connection, subscription);
    space.counters.unsubscriptions[channel.name.kind]++;
    if (member !== null) hub.ports.registry.leave(space.app.id, channel.name.raw, member.userId);
  }
  releaseFilter(hub, subscription);
  dropReference(hub, space, channel);
}

export function releaseFilter(hub: Hub, { filter }: Subscription): void {
  if (filter !== null) hub.filters.release(filter);
}

/** Tells the registry how many are here now. A user's own channel is no channel to the HTTP API. */
export function reportCount(hub: Hub, space: AppSpace, channel: Channel): void {
  const { kind, raw } = channel.name;
  if (kind === 'user') return;
  const announce = space.app.subscriptionCountEvents && kind !== 'presence';
  hub.ports.registry.count({ appId: space.app.id, channel: raw, subscriptions: channel.audience.size, announce });
}

/** One subscription less on the channel; with the last the channel goes and its messages stop coming. */
export function dropReference(hub: Hub, space: AppSpace, channel: Channel): void {
  channel.references--;
  if (channel.references > 0) return;
  space.closeChannel(channel);
  hub.ports.backbone.leave(channel.topic);
}
