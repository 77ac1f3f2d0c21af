import type { Owner } from './channel-record.ts';

/** One user of an app: the connections signed in as the user, and who wants to hear of it. */
export class UserRecord {
  readonly #connections = new Map<Owner, number>();
  readonly watchers = new Set<Owner>();

  get isOnline(): boolean {
    return this.#connections.size > 0;
  }

  get isEmpty(): boolean {
    return this.#connections.size === 0 && this.watchers.size === 0;
  }

  /** Whether that brought the user online. */
  join(owner: Owner): boolean {
    const wasOnline = this.isOnline;
    this.#connections.set(owner, (this.#connections.get(owner) ?? 0) + 1);
    return !wasOnline;
  }

  /** Whether the user went offline with it. */
  leave(owner: Owner): boolean {
    const held = this.#connections.get(owner);
    if (held === undefined) return false;
    if (held > 1) this.#connections.set(owner, held - 1);
    else this.#connections.delete(owner);
    return !this.isOnline;
  }

  /** Takes everything of an owner away. Whether the user went offline with it. */
  drop(owner: Owner): boolean {
    this.watchers.delete(owner);
    return this.#connections.delete(owner) && !this.isOnline;
  }
}
