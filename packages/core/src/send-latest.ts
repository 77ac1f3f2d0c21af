import type { Connection } from './connection.ts';
import { give, type Latest, LatestByKey } from './latest-by-key.ts';

/** Keeps a message for a client that reads too slowly, until it can take it or a newer one of its key comes. */
export function sendLatest(connection: Connection, key: string, latest: Latest): void {
  connection.latest ??= new LatestByKey();
  const outcome = connection.latest.put(key, latest);
  if (outcome === 'replaced') connection.space.counters.messagesConflated++;
  if (outcome === 'full') give(connection.transport, latest);
}
