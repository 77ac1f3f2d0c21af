import { serverMessages } from '@sluice/protocol';
import type { Connection } from './connection.ts';

/** Which connections of this worker watch which users. */
export class Watchers {
  readonly #byUser = new Map<string, Set<Connection>>();

  add(connection: Connection, userIds: readonly string[]): void {
    for (const userId of userIds) {
      const watchers = this.#byUser.get(userId);
      if (watchers === undefined) this.#byUser.set(userId, new Set([connection]));
      else watchers.add(connection);
    }
  }

  /** Returns the users that nobody here watches any more. */
  remove(connection: Connection, userIds: readonly string[]): string[] {
    return userIds.filter((userId) => {
      const watchers = this.#byUser.get(userId);
      watchers?.delete(connection);
      return watchers?.size === 0 && this.#byUser.delete(userId);
    });
  }

  tell(userId: string, change: serverMessages.WatchlistChange): void {
    const watchers = this.#byUser.get(userId);
    if (watchers === undefined) return;
    const text = serverMessages.watchlistEvents(change);
    for (const connection of watchers) {
      if (connection.knowsWatched) connection.send(text);
    }
  }
}
