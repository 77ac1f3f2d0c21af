import type { Connection } from './connection.ts';

const NOBODY: ReadonlySet<Connection> = new Set();

/** Connections of this worker by the id of a user; an id without any takes no room. */
export class ConnectionsByUser {
  readonly #byUser = new Map<string, Set<Connection>>();

  get size(): number {
    return this.#byUser.size;
  }

  of(userId: string): ReadonlySet<Connection> {
    return this.#byUser.get(userId) ?? NOBODY;
  }

  add(userId: string, connection: Connection): void {
    const connections = this.#byUser.get(userId);
    if (connections === undefined) this.#byUser.set(userId, new Set([connection]));
    else connections.add(connection);
  }

  /** Whether the connection was the last one under the id. */
  delete(userId: string, connection: Connection): boolean {
    const connections = this.#byUser.get(userId);
    if (connections?.delete(connection) !== true || connections.size > 0) return false;
    return this.#byUser.delete(userId);
  }
}
