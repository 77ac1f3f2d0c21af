import type { Duplex } from 'node:stream';
import { forwardedEntry } from '@sluice/core';
import type { UpgradeRequest } from './upgrade-request.ts';

/** A request that wants to become a WebSocket, and the connection that it came over. */
export interface Upgrade {
  readonly request: UpgradeRequest;
  readonly socket: Duplex;
  readonly head: Buffer;
}

export interface UpgradeRefusal {
  readonly status: string;
  readonly headers: object;
}

/** The server goes away, or cannot say whether there is room. */
export const UNAVAILABLE: UpgradeRefusal = { status: '503 Service Unavailable', headers: { 'retry-after': 1 } };

export function refuseUpgrade(socket: Duplex, { status, headers }: UpgradeRefusal): void {
  const lines = Object.entries({ connection: 'close', ...headers, 'content-length': 0 }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  // Destroyed and not only ended: a client that keeps its side open must not hold up the shutdown.
  socket.once('finish', () => socket.destroy());
  socket.on('error', ignoreSocketError);
  socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`);
}

/** Whether the client speaks TLS, to this server or to the farthest trusted proxy. */
export function isSecure({ socket, headers }: UpgradeRequest, trustHops: number): boolean {
  if ('encrypted' in socket && socket.encrypted === true) return true;
  return forwardedEntry(headers['x-forwarded-proto'], trustHops)?.toLowerCase() === 'https';
}

export function ignoreSocketError(): void {
  // A broken connection ends in `close`, which is handled; without a listener Node would throw.
}
