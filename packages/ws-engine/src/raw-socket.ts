import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Deflation } from './deflate-offer.ts';

/** The one private member of ws that is used: the socket under a WebSocket. */
interface WithSocket {
  readonly _socket?: unknown;
}

/**
 * The socket under a WebSocket, for writing prepared frames. This function is the only contact with the inside of
 * ws. `null` when ws is not as expected, or has to compress for this client: then frames go through `send`.
 */
export function rawSocketOf(ws: WebSocket, deflation: Deflation): Socket | null {
  if (ws.extensions !== '' && deflation !== 'shared') return null;
  const socket = (ws as WithSocket)._socket;
  return isWritable(socket) ? socket : null;
}

function isWritable(socket: unknown): socket is Socket {
  return (
    typeof socket === 'object' &&
    socket !== null &&
    'write' in socket &&
    typeof socket.write === 'function' &&
    'writableHighWaterMark' in socket &&
    typeof socket.writableHighWaterMark === 'number'
  );
}
