import type { WorkerId } from '../registry/owner.ts';

/** Which workers want the messages of which topics. */
export class TopicRouter {
  readonly #interest = new Map<string, Set<WorkerId>>();

  join(owner: WorkerId, topic: string): void {
    const owners = this.#interest.get(topic);
    if (owners === undefined) this.#interest.set(topic, new Set([owner]));
    else owners.add(owner);
  }

  /** Whether it was the last who wanted the topic. */
  leave(owner: WorkerId, topic: string): boolean {
    const owners = this.#interest.get(topic);
    if (owners?.delete(owner) !== true || owners.size > 0) return false;
    this.#interest.delete(topic);
    return true;
  }

  /** Returns the topics that nobody wants any more. */
  dropOwner(owner: WorkerId): string[] {
    return [...this.#interest.keys()].filter((topic) => this.leave(owner, topic));
  }

  /** Owners to pass a message on to, its sender perhaps among them. */
  interested(topic: string): ReadonlySet<WorkerId> {
    return this.#interest.get(topic) ?? NOBODY;
  }
}

const NOBODY: ReadonlySet<WorkerId> = new Set();
