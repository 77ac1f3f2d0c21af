import { chooseAlgorithm, deltaFormat } from '@sluice/delta';
import { deltaMessages, type DeltaSyncError, type EnableDeltaCompression } from '@sluice/protocol';
import type { Connection } from '../connection.ts';
import { DeltaSubscriber } from '../delta-subscriber.ts';
import type { Hub } from '../hub.ts';
import type { Subscription } from '../subscription.ts';

/** How often a subscription may be sent all bases of its channel; they are many times what it takes to ask for them. */
const SYNC_INTERVAL_MS = 1000;

/** `pusher:enable_delta_compression`: for all subscriptions of the connection that say nothing else, also those there are. */
export function handleEnableDeltas(hub: Hub, connection: Connection, asked: EnableDeltaCompression): void {
  const { algorithms, binary } = asked;
  const { enabled, algorithm: preferred } = hub.options.deltas;
  const algorithm = algorithms.includes(preferred) ? preferred : algorithms[0];
  if (!enabled || algorithm === undefined) {
    connection.send(deltaMessages.deltaCompressionEnabled(null));
    return;
  }
  connection.offered = algorithms;
  connection.deltaForm = binary ? 'binary' : 'json';
  connection.toldAlgorithm = algorithm;
  connection.send(deltaMessages.deltaCompressionEnabled(algorithm));
  for (const subscription of connection.subscriptions.values()) {
    if (subscription.state !== 'active') continue;
    if (subscription.delta !== null) {
      tellOmitted(hub, connection, subscription.delta);
      continue;
    }
    const { audience } = subscription.channel;
    audience.remove(connection, subscription);
    takeDeltas(hub, connection, subscription);
    audience.add(connection, subscription);
    startDeltas(hub, connection, subscription);
  }
}

/**
 * `pusher:delta_sync_error`: the client lacks a base. It begins anew, with the bases that are kept or with full messages. One that
 * unsubscribed meanwhile is not told off: its message was on its way.
 */
export function handleDeltaSyncError(hub: Hub, connection: Connection, { channel }: DeltaSyncError): void {
  const subscription = connection.subscriptions.get(channel);
  if (subscription === undefined || subscription.delta === null) return;
  subscription.delta.clear();
  subscription.channel.stream?.changed();
  sync(hub, subscription.delta);
}

/** Chooses what the subscription gets, before it joins the audience. */
export function takeDeltas(hub: Hub, connection: Connection, subscription: Subscription): void {
  const { channel, askedDelta } = subscription;
  const algorithm = chooseAlgorithm(channel.delta, connection.offered, askedDelta);
  if (algorithm === undefined || connection.deltas >= hub.options.deltas.maxStatesPerConnection) return;
  const stream = (channel.stream ??= hub.openStream(channel));
  stream.subscribers++;
  stream.changed();
  connection.deltas++;
  const format = deltaFormat(algorithm, connection.deltaForm);
  subscription.delta = new DeltaSubscriber({ connection, subscription, format, since: stream.published });
}

/** After the client was told that it is subscribed: what it has to know before its first delta. */
export function startDeltas(hub: Hub, connection: Connection, subscription: Subscription): void {
  const { delta } = subscription;
  if (delta === null) return;
  tellOmitted(hub, connection, delta);
  sync(hub, delta);
}

/** Deltas that name their algorithm need no word before them; for the others the client has to have been told it last. */
function tellOmitted(hub: Hub, connection: Connection, { format: { algorithm } }: DeltaSubscriber): void {
  const { omitAlgorithm, algorithm: omitted } = hub.options.deltas;
  if (!omitAlgorithm || algorithm !== omitted || connection.toldAlgorithm === omitted) return;
  connection.toldAlgorithm = omitted;
  connection.send(deltaMessages.deltaCompressionEnabled(omitted));
}

/** After the subscription has left the audience. */
export function endDeltas(connection: Connection, subscription: Subscription): void {
  const { channel, delta } = subscription;
  if (delta === null) return;
  subscription.delta = null;
  connection.deltas--;
  const { stream } = channel;
  stream?.changed();
  if (stream === null || --stream.subscribers > 0) return;
  stream.close();
  channel.stream = null;
}

/** Only for who was to get all that is kept: a client may take a base that it lacks for a message that it missed. */
function sync(hub: Hub, delta: DeltaSubscriber): void {
  const { channel, filter } = delta.subscription;
  const now = hub.ports.clock.monotonic();
  if (filter !== null || delta.wasLeftOut || now < delta.syncedAt + SYNC_INTERVAL_MS) return;
  delta.syncedAt = now;
  channel.stream?.sync(delta, () => hub.ports.clock.monotonic());
}
