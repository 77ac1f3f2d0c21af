import { Holdings } from './holdings.ts';
import type { NodeId, Owner, WorkerId } from './owner.ts';

/** One user of an app: the connections signed in as the user, and who wants to hear of it. */
export class UserRecord {
  /** Of another node only that there is one. */
  readonly #connections = new Holdings();
  readonly watchers = new Set<WorkerId>();

  get isOnline(): boolean {
    return this.#connections.total > 0;
  }

  get isOnlineHere(): boolean {
    return this.#connections.here > 0;
  }

  get isEmpty(): boolean {
    return this.#connections.total === 0 && this.watchers.size === 0;
  }

  isOnlineAt(owner: Owner): boolean {
    return this.#connections.has(owner);
  }

  /** Whether that brought the user online. */
  join(worker: WorkerId): boolean {
    const wasOnline = this.isOnline;
    this.#connections.add(worker, 1);
    return !wasOnline;
  }

  /** Another node has the user online. Whether that brought the user online. */
  joinElsewhere(node: NodeId): boolean {
    const wasOnline = this.isOnline;
    this.#connections.set(node, 1);
    return !wasOnline;
  }

  /** Whether the user went offline with it. */
  leave(owner: Owner): boolean {
    if (!this.#connections.take(owner)) return false;
    return !this.isOnline;
  }

  /** Takes everything of an owner away. Whether the user went offline with it. */
  drop(owner: Owner): boolean {
    if (typeof owner === 'number') this.watchers.delete(owner);
    return this.#connections.drop(owner) && !this.isOnline;
  }
}
