import type { CloseReason } from '@sluice/protocol';
import type { Connection } from './connection.ts';

/** Closes many connections, some in each turn of the event loop, so that nobody else waits for it. */
export function closeInSlices(connections: readonly Connection[], reason: CloseReason, perSlice: number): void {
  for (const { transport } of connections.slice(0, perSlice)) transport.close(reason);
  if (connections.length > perSlice) setImmediate(closeInSlices, connections.slice(perSlice), reason, perSlice);
}
