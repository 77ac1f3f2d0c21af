import {
  needsSignature,
  parseChannelName,
  type ProtocolError,
  protocolError,
  serverMessages,
  type Subscribe,
} from '@sluice/protocol';
import { ConflationWindow } from '../conflation-window.ts';
import type { Channel } from '../channel.ts';
import type { Connection } from '../connection.ts';
import { fanOut } from '../fanout.ts';
import type { Hub } from '../hub.ts';
import { tagsOf } from '../message.ts';
import type { JoinAnswer } from '../ports/index.ts';
import { Subscription } from '../subscription.ts';
import { authorise } from './authorise.ts';
import { readFilter } from './change-filter.ts';
import { startDeltas, takeDeltas } from './deltas.ts';
import { dropReference, releaseFilter, reportCount } from './unsubscribe.ts';

/**
 * `pusher:subscribe`. The confirmation waits until messages published anywhere on the node reach this worker, so
 * that a client which was told "succeeded" misses nothing published after. Only a channel's first subscriber here
 * ever waits, and those of presence channels, who need the member list.
 */
export function handleSubscribe(hub: Hub, connection: Connection, message: Subscribe): void {
  const { space } = connection;
  const { limits } = space.app;
  const name = parseChannelName(message.channel, limits.maxChannelNameLength);
  if (name === undefined) {
    const error = protocolError('invalidChannelName', message.channel, limits.maxChannelNameLength);
    refuse(hub, connection, { channel: message.channel, error });
    return;
  }
  if (connection.subscriptions.has(name.raw)) {
    // No subscription_error: the channel is fine, and handlers bound to it would take it for lost.
    connection.sendError(protocolError('existingSubscription', name.raw));
    return;
  }
  if (connection.subscriptions.size >= hub.options.maxSubscriptionsPerConnection) {
    const error = protocolError('tooManySubscriptions', hub.options.maxSubscriptionsPerConnection);
    refuse(hub, connection, { channel: name.raw, error });
    return;
  }
  const authorisation = authorise(connection, name, message);
  if ('error' in authorisation) {
    refuse(hub, connection, { channel: name.raw, ...authorisation });
    return;
  }
  const filter = readFilter(hub, name.raw, message.filter);
  if ('error' in filter) {
    refuse(hub, connection, { channel: name.raw, ...filter });
    return;
  }
  if (needsSignature(name.kind)) hub.authorise(connection);

  const { channel, created } = space.openChannel(name);
  channel.references++;
  if (created) open(hub, channel);
  const subscription = new Subscription({
    channel,
    member: authorisation.member,
    askedDelta: message.delta,
    filter: filter.node === undefined ? null : hub.filters.intern(filter.node),
  });
  connection.subscriptions.set(name.raw, subscription);
  if (subscription.member === null) {
    joinPlain(hub, connection, subscription);
  } else if (channel.joined) {
    joinPresence(hub, connection, subscription);
  } else {
    channel.waiting.push(() => joinPresence(hub, connection, subscription));
  }
}

function open(hub: Hub, channel: Channel): void {
  const { conflationIntervalMs: intervalMs, maxKeys } = channel.delta;
  if (intervalMs > 0) {
    const { counters } = channel.space;
    channel.window = new ConflationWindow({
      intervalMs,
      maxKeys,
      send: (message) => void fanOut(hub.ports, channel, message),
      conflated: () => (counters.messagesConflated += channel.audience.size),
    });
  }
  hub.ports.backbone.join(channel.topic, () => {
    channel.joined = true;
    const { waiting } = channel;
    channel.waiting = [];
    for (const confirm of waiting) confirm();
  });
}

function joinPlain(hub: Hub, connection: Connection, subscription: Subscription): void {
  const { channel } = subscription;
  if (channel.joined && connection.confirmations.length === 0) {
    confirmPlain(hub, connection, subscription);
    return;
  }
  connection.confirmations.push(subscription);
  const settle = (): void => {
    subscription.ready = true;
    confirmInOrder(hub, connection);
  };
  if (channel.joined) settle();
  else channel.waiting.push(settle);
}

function confirmPlain(hub: Hub, connection: Connection, subscription: Subscription): void {
  const confirmation = serverMessages.subscriptionSucceeded(subscription.channel.name.raw);
  activate(hub, connection, { subscription, confirmation });
}

/** Confirms from the oldest request on, up to the first that is not ready. */
function confirmInOrder(hub: Hub, connection: Connection): void {
  const { confirmations } = connection;
  let done = 0;
  for (; done < confirmations.length; done++) {
    const subscription = confirmations[done];
    if (subscription === undefined || !subscription.ready) break;
    if (subscription.state !== 'pending') continue;
    confirmPlain(hub, connection, subscription);
  }
  confirmations.splice(0, done);
}

function joinPresence(hub: Hub, connection: Connection, subscription: Subscription): void {
  const { member } = subscription;
  if (member === null || subscription.state === 'cancelled') return;
  const { app } = connection.space;
  const channel = subscription.channel.name.raw;
  const maxMembers = app.limits.maxPresenceMembers;
  const answered = (answer: JoinAnswer): void => {
    if (answer === 'full') {
      refusePresence(hub, connection, subscription);
    } else if (subscription.state === 'cancelled') {
      hub.ports.registry.leave(app.id, channel, member.userId);
    } else {
      // At once, and not in the order of other confirmations: list and member events must not be parted.
      activate(hub, connection, { subscription, confirmation: serverMessages.presenceSucceeded(channel, answer) });
    }
  };
  hub.ports.registry.join({ appId: app.id, channel, socketId: connection.id, member, maxMembers }, answered);
}

function refusePresence(hub: Hub, connection: Connection, subscription: Subscription): void {
  if (subscription.state === 'cancelled') return;
  const channel = subscription.channel.name.raw;
  subscription.state = 'cancelled';
  connection.subscriptions.delete(channel);
  releaseFilter(hub, subscription);
  dropReference(hub, connection.space, subscription.channel);
  const { maxPresenceMembers } = connection.space.app.limits;
  const error = protocolError('presenceFull', channel, maxPresenceMembers);
  refuse(hub, connection, { channel, error });
}

/** Makes the subscription active and confirms it, in one turn: nothing of the channel comes before. */
function activate(hub: Hub, connection: Connection, { subscription, confirmation }: Activation): void {
  const { space } = connection;
  const { channel } = subscription;
  subscription.state = 'active';
  takeDeltas(hub, connection, subscription);
  channel.audience.add(connection, subscription);
  space.counters.subscriptions[channel.name.kind]++;
  connection.send(confirmation);
  startDeltas(hub, connection, subscription);
  // Before the count is told: the kept event is to come before the new number of subscribers.
  if (channel.name.cached) sendKeptEvent(hub, connection, subscription);
  reportCount(hub, space, channel);
}

interface Activation {
  readonly subscription: Subscription;
  readonly confirmation: string;
}

/** The last event of a cache channel, or that there is none for this subscriber; neither if a newer one came meanwhile. */
function sendKeptEvent(hub: Hub, connection: Connection, subscription: Subscription): void {
  const { channel } = subscription;
  const { raw } = channel.name;
  const { app } = connection.space;
  const passed = channel.keptEvents;
  hub.ports.registry.kept(app.id, raw, (kept) => {
    if (subscription.state !== 'active' || channel.keptEvents !== passed) return;
    const isWanted = kept !== null && (subscription.filter?.matches(tagsOf(kept.tagsJson)) ?? true);
    connection.send(isWanted ? kept.text : serverMessages.cacheMiss(raw));
    if (kept !== null || !app.webhookEvents.includes('cache_miss')) return;
    hub.ports.registry.emit({ type: 'cache_miss', appId: app.id, channel: raw });
  });
}

interface SubscriptionRefusal {
  readonly channel: string;
  readonly error: ProtocolError;
}

/** Pusher's own error first, then the one that names the channel, so that its handlers can act on it. */
function refuse(hub: Hub, connection: Connection, { channel, error }: SubscriptionRefusal): void {
  connection.sendError(error);
  if (error.refusal === null || !hub.options.sendSubscriptionErrors) return;
  connection.send(serverMessages.subscriptionError(channel, error.refusal, error.message));
}
