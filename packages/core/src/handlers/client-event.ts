import {
  type ClientEvent,
  parseChannelName,
  type ProtocolError,
  protocolError,
  serverMessages,
} from '@sluice/protocol';
import { broadcast } from '../broadcast.ts';
import { conflationKeyOf } from '../conflation-key.ts';
import type { Connection } from '../connection.ts';
import type { Hub } from '../hub.ts';

/** A `client-*` event: to all subscribers of the channel but its sender (Pusher "Client events"). */
export function handleClientEvent(hub: Hub, connection: Connection, message: ClientEvent): void {
  const error = check(hub, connection, message);
  if (error !== undefined) {
    connection.sendError(error);
    return;
  }
  const { channel } = message;
  // Who sent it is what the channel's authorisation said, never what the frame says.
  const userId = connection.subscriptions.get(channel)?.member?.userId ?? null;
  const text = serverMessages.clientEvent(message, userId);
  const { conflationKey } = connection.space.deltaOf(channel);
  const key = conflationKey === undefined ? '' : conflationKeyOf(message.data, conflationKey);
  const plain = { kept: false, tagsJson: '', mode: 'auto' } as const;
  broadcast(hub, connection.space, { channel, text, except: connection.id, key, ...plain });
  const { app } = connection.space;
  if (!app.webhookEvents.includes('client_event')) return;
  const { event, data } = message;
  const sent = { appId: app.id, channel, event, data, socketId: connection.id, userId };
  hub.ports.registry.emit({ type: 'client_event', ...sent });
}

function check(hub: Hub, connection: Connection, message: ClientEvent): ProtocolError | undefined {
  const { app } = connection.space;
  const { limits } = app;
  if (!app.clientMessages) return protocolError('clientEventsDisabled');
  const subscription = connection.subscriptions.get(message.channel);
  const name = subscription?.channel.name ?? parseChannelName(message.channel, limits.maxChannelNameLength);
  if (name === undefined) return protocolError('invalidChannelName', message.channel, limits.maxChannelNameLength);
  if (name.kind === 'public' || name.kind === 'user') return protocolError('clientEventChannel');
  if (subscription?.state !== 'active') return protocolError('clientEventNotSubscribed');
  if (!connection.clientEvents.take(1, limits.maxClientEventsPerSecond, hub.ports.clock.monotonic())) {
    return protocolError('clientEventRate', limits.maxClientEventsPerSecond);
  }
  if (message.event.length > limits.maxEventNameLength) {
    return protocolError('eventNameTooLong', limits.maxEventNameLength);
  }
  const bytes = Buffer.byteLength(message.data);
  return bytes > limits.maxEventBytes ? protocolError('clientEventTooLarge', bytes, limits.maxEventBytes) : undefined;
}
