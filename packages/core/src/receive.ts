import { assertNever, decodeClientMessage, serverMessages } from '@sluice/protocol';
import type { Connection } from './connection.ts';
import { handleChangeFilter } from './handlers/change-filter.ts';
import { handleClientEvent } from './handlers/client-event.ts';
import { handleDeltaSyncError, handleEnableDeltas } from './handlers/deltas.ts';
import { handleSignIn } from './handlers/sign-in.ts';
import { handleSubscribe } from './handlers/subscribe.ts';
import { handleUnsubscribe } from './handlers/unsubscribe.ts';
import type { Hub } from './hub.ts';

/** One text frame of a client. Whatever is wrong with it is answered with `pusher:error`; the connection goes on. */
export function receive(hub: Hub, connection: Connection, text: string): void {
  const decoded = decodeClientMessage(text);
  if ('error' in decoded) {
    connection.sendError(decoded.error);
    return;
  }
  const { message } = decoded;
  switch (message.type) {
    case 'ping':
      connection.send(serverMessages.PONG);
      return;
    case 'pong':
      return;
    case 'subscribe':
      handleSubscribe(hub, connection, message);
      return;
    case 'unsubscribe':
      handleUnsubscribe(hub, connection, message);
      return;
    case 'client_event':
      handleClientEvent(hub, connection, message);
      return;
    case 'signin':
      handleSignIn(hub, connection, message);
      return;
    case 'enable_delta_compression':
      handleEnableDeltas(hub, connection, message);
      return;
    case 'delta_sync_error':
      handleDeltaSyncError(hub, connection, message);
      return;
    case 'change_filter':
      handleChangeFilter(hub, connection, message);
      return;
    default:
      assertNever(message);
  }
}
