import type { WorkerId } from '../registry/owner.ts';

/** Which workers want the messages of which topics. */
export class TopicRouter {
  readonly #interest = new Map<string, Set<WorkerId>>();

  join(owner: WorkerId, topic: string): void {
    const owners = this.#interest.get(topic);
    if (owners === undefined) this.#interest.set(topic, new Set([owner]));
    else owners.add(owner);
  }

  leave(owner: WorkerId, topic: string): void {
    const owners = this.#interest.get(topic);
    if (owners === undefined) return;
    owners.delete(owner);
    if (owners.size === 0) this.#interest.delete(topic);
  }

  dropOwner(owner: WorkerId): void {
    for (const topic of this.#interest.keys()) this.leave(owner, topic);
  }

  /** Owners to pass a message on to, its sender perhaps among them. */
  interested(topic: string): ReadonlySet<WorkerId> {
    return this.#interest.get(topic) ?? NOBODY;
  }
}

const NOBODY: ReadonlySet<WorkerId> = new Set();
