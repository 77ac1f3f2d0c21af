import { type RawData, WebSocket } from 'ws';
import type { ClientSocket } from './client-socket.ts';

/** A WebSocket that knows its client, so that one set of listener functions serves all of them. */
export class PusherWebSocket extends WebSocket {
  client: ClientSocket | null = null;
}

/** Brings what happens on the WebSocket to its client. */
export function listen(ws: PusherWebSocket, client: ClientSocket): void {
  ws.client = client;
  ws.on('message', onMessage);
  ws.on('ping', onHeartbeat);
  ws.on('pong', onHeartbeat);
  ws.on('close', onClose);
  ws.on('error', onError);
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  const client = clientOf(this);
  // ws gives one Buffer per message while `binaryType` is its default.
  if (Buffer.isBuffer(data)) client?.owner.received(client, data, isBinary ? 'binary' : 'text');
}

function onHeartbeat(this: WebSocket): void {
  const client = clientOf(this);
  client?.owner.heard(client);
}

function onClose(this: WebSocket, code: number): void {
  const client = clientOf(this);
  client?.leave();
  client?.owner.closed(client, code);
}

function onError(): void {
  // ws has already answered what the client did wrong with the close code of RFC 6455 §7.4; `close` follows.
}

function clientOf(ws: WebSocket): ClientSocket | null {
  return ws instanceof PusherWebSocket ? ws.client : null;
}
