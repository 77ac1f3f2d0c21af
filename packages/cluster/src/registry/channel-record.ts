import type { ChannelSummary, JoinAnswer } from '@sluice/core';
import type { Member } from '@sluice/protocol';

/** A process that holds connections: today a worker of this node. */
export type Owner = number;

interface Presence {
  readonly member: Member;
  /** Connections of the user, by owner. */
  readonly connections: Map<Owner, number>;
}

interface Dropped {
  /** Users whose last connection that was. */
  readonly gone: readonly string[];
  /** Whether it had subscribers. */
  readonly hadCount: boolean;
}

/** One channel of one app on this node: how many are subscribed, and who is there, by owner. */
export class ChannelRecord {
  readonly #counts = new Map<Owner, number>();
  readonly #members = new Map<string, Presence>();
  /** Connections of members, by owner: who is to be told of the others. */
  readonly #present = new Map<Owner, number>();
  /** Whether subscribers are told how many they are. */
  announces = false;

  get isEmpty(): boolean {
    return this.#counts.size === 0 && this.#members.size === 0;
  }

  get isOccupied(): boolean {
    return this.#counts.size > 0;
  }

  setCount(owner: Owner, subscriptions: number): void {
    if (subscriptions > 0) this.#counts.set(owner, subscriptions);
    else this.#counts.delete(owner);
  }

  get subscriptions(): number {
    let subscriptions = 0;
    for (const count of this.#counts.values()) subscriptions += count;
    return subscriptions;
  }

  summary(channel: string): ChannelSummary {
    return { channel, subscriptions: this.subscriptions, users: this.#members.size };
  }

  /** Owners that hold a subscription. */
  subscriptionOwners(): Set<Owner> {
    return new Set(this.#counts.keys());
  }

  userIds(): string[] {
    return [...this.#members.keys()];
  }

  /** Owners that hold a connection of any member. */
  memberOwners(): Set<Owner> {
    return new Set(this.#present.keys());
  }

  /** Adds one connection of a user; a user who is there already keeps the first `info`. */
  join(owner: Owner, member: Member, maxMembers: number): { readonly answer: JoinAnswer; readonly isNew: boolean } {
    let presence = this.#members.get(member.userId);
    const isNew = presence === undefined;
    if (presence === undefined) {
      if (this.#members.size >= maxMembers) return { answer: 'full', isNew: false };
      presence = { member, connections: new Map() };
      this.#members.set(member.userId, presence);
    }
    presence.connections.set(owner, (presence.connections.get(owner) ?? 0) + 1);
    this.#present.set(owner, (this.#present.get(owner) ?? 0) + 1);
    return { answer: [...this.#members.values()].map((p) => p.member), isNew };
  }

  /** Takes one connection of a user away. True if it was the last. */
  leave(owner: Owner, userId: string): boolean {
    const presence = this.#members.get(userId);
    const held = presence?.connections.get(owner);
    if (presence === undefined || held === undefined) return false;
    const present = (this.#present.get(owner) ?? 0) - 1;
    if (present > 0) this.#present.set(owner, present);
    else this.#present.delete(owner);
    if (held > 1) {
      presence.connections.set(owner, held - 1);
      return false;
    }
    return this.#forget(owner, userId, presence);
  }

  /** Takes everything of an owner away. */
  drop(owner: Owner): Dropped {
    const hadCount = this.#counts.delete(owner);
    if (!this.#present.delete(owner)) return { gone: [], hadCount };
    const gone: string[] = [];
    for (const [userId, presence] of this.#members) {
      if (presence.connections.has(owner) && this.#forget(owner, userId, presence)) gone.push(userId);
    }
    return { gone, hadCount };
  }

  #forget(owner: Owner, userId: string, presence: Presence): boolean {
    presence.connections.delete(owner);
    if (presence.connections.size > 0) return false;
    this.#members.delete(userId);
    return true;
  }
}
