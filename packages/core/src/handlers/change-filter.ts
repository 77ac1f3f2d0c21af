import { type FilterNode, subscriptionFilter } from '@sluice/filter';
import {
  type ChangeFilter,
  type FilterMembers,
  type ProtocolError,
  protocolError,
  serverMessages,
} from '@sluice/protocol';
import type { Connection } from '../connection.ts';
import type { Hub } from '../hub.ts';
import { releaseFilter } from './unsubscribe.ts';

/** `pusher:change_filter`: what is published from now on is filtered by the new one, without a gap and without a repetition. */
export function handleChangeFilter(hub: Hub, connection: Connection, { channel: name, filter }: ChangeFilter): void {
  const subscription = connection.subscriptions.get(name);
  if (subscription?.state !== 'active') {
    connection.sendError(protocolError('noSubscription', name));
    return;
  }
  const wanted = readFilter(hub, name, filter);
  if ('error' in wanted) {
    connection.sendError(wanted.error);
    return;
  }
  const { audience, stream } = subscription.channel;
  const change = (): void => {
    if (!connection.open || connection.subscriptions.get(name) !== subscription) return;
    audience.remove(connection, subscription);
    releaseFilter(hub, subscription);
    subscription.filter = wanted.node === undefined ? null : hub.filters.intern(wanted.node);
    audience.add(connection, subscription);
    connection.send(serverMessages.filterChanged(name));
  };
  // What was published before is still to be sent by the filter that held then.
  if (subscription.delta === null || stream === null) change();
  else stream.afterPublished(change);
}

/** The filter that a client asks for; one that is not understood, or not allowed, is refused: ignored, it would let everything through. */
export function readFilter(
  hub: Hub,
  channel: string,
  members: FilterMembers,
): { readonly node: FilterNode | undefined } | { readonly error: ProtocolError } {
  const filter = subscriptionFilter(members);
  if (!filter.ok) return { error: protocolError('filterInvalid', channel, filter.problem) };
  if (filter.node !== undefined && !hub.options.tagFiltering.enabled) {
    return { error: protocolError('filtersDisabled', channel) };
  }
  return { node: filter.node };
}
