import type { ChannelSummary, JoinAnswer } from '@sluice/core';
import type { Member } from '@sluice/protocol';
import { Holdings } from './holdings.ts';
import type { NodeId, Owner, WorkerId } from './owner.ts';

interface Presence {
  readonly member: Member;
  /** Connections of the user. Of another node only that there is one. */
  readonly connections: Holdings;
}

interface Joined {
  readonly answer: JoinAnswer;
  readonly isNew: boolean;
  /** New among the workers of this node, perhaps not elsewhere. */
  readonly isNewHere: boolean;
}

interface Left {
  /** That was the user's last connection. */
  readonly isGone: boolean;
  /** The last one on this node; there may be others elsewhere. */
  readonly isGoneHere: boolean;
}

interface Dropped {
  readonly gone: readonly string[];
  readonly goneHere: readonly string[];
  /** Whether it had subscribers. */
  readonly hadCount: boolean;
}

const NOTHING_LEFT: Left = { isGone: false, isGoneHere: false };
const FULL: Joined = { answer: 'full', isNew: false, isNewHere: false };

/** One channel of one app: how many are subscribed, and who is there, by owner. */
export class ChannelRecord {
  readonly #counts = new Holdings();
  readonly #members = new Map<string, Presence>();
  /** Connections of members: who is to be told of the others. */
  readonly #present = new Holdings();
  /** Whether subscribers are told how many they are. */
  announces = false;
  /** Whether it is among the channels counted as this node's. */
  isCountedHere = false;

  get isEmpty(): boolean {
    return this.#counts.total === 0 && this.#members.size === 0;
  }

  get isOccupied(): boolean {
    return this.#counts.total > 0;
  }

  /** Whether a worker of this node has a subscriber or member. */
  get isHere(): boolean {
    return this.#counts.here > 0 || this.#present.here > 0;
  }

  setCount(owner: Owner, subscriptions: number): void {
    this.#counts.set(owner, subscriptions);
  }

  get subscriptions(): number {
    return this.#counts.total;
  }

  get subscriptionsHere(): number {
    return this.#counts.here;
  }

  hasCountOf(owner: Owner): boolean {
    return this.#counts.has(owner);
  }

  summary(channel: string): ChannelSummary {
    return { channel, subscriptions: this.subscriptions, users: this.#members.size };
  }

  /** Workers that hold a subscription. */
  subscriptionOwners(): Set<WorkerId> {
    return this.#counts.workers();
  }

  userIds(): string[] {
    return [...this.#members.keys()];
  }

  hasMember(userId: string): boolean {
    return this.#members.has(userId);
  }

  /** Members with a connection on this node. */
  *membersHere(): Iterable<Member> {
    if (this.#present.here === 0) return;
    for (const { member, connections } of this.#members.values()) if (connections.here > 0) yield member;
  }

  /** Ids of the users that the owner holds a connection of. */
  usersOf(owner: Owner): string[] {
    if (!this.#present.has(owner)) return [];
    return [...this.#members].filter(([, presence]) => presence.connections.has(owner)).map(([userId]) => userId);
  }

  /** Workers that hold a connection of any member. */
  memberOwners(): Set<WorkerId> {
    return this.#present.workers();
  }

  /** Adds one connection of a user; a user who is there already keeps the first `info`. */
  join(worker: WorkerId, member: Member, maxMembers: number): Joined {
    const presence = this.#members.get(member.userId);
    const isNew = presence === undefined;
    if (isNew && this.#members.size >= maxMembers) return FULL;
    const isNewHere = isNew || presence.connections.here === 0;
    this.#add(worker, presence ?? this.#come(member));
    return { answer: [...this.#members.values()].map((p) => p.member), isNew, isNewHere };
  }

  /** Another node has a connection of the user. True if that is the first one known. */
  joinElsewhere(node: NodeId, member: Member): boolean {
    const presence = this.#members.get(member.userId);
    if (presence?.connections.has(node) === true) return false;
    this.#add(node, presence ?? this.#come(member));
    return presence === undefined;
  }

  /** Takes one connection of a user away. */
  leave(owner: Owner, userId: string): Left {
    const presence = this.#members.get(userId);
    if (presence === undefined) return NOTHING_LEFT;
    const { connections } = presence;
    const wasHere = connections.here > 0;
    if (!connections.take(owner)) return NOTHING_LEFT;
    this.#present.take(owner);
    return { isGone: this.#goIfLast(userId, presence), isGoneHere: wasHere && connections.here === 0 };
  }

  /** Takes everything of an owner away. */
  drop(owner: Owner): Dropped {
    const hadCount = this.#counts.drop(owner);
    const gone: string[] = [];
    const goneHere: string[] = [];
    if (!this.#present.drop(owner)) return { gone, goneHere, hadCount };
    for (const [userId, presence] of this.#members) {
      const { connections } = presence;
      const wasHere = connections.here > 0;
      if (!connections.drop(owner)) continue;
      if (wasHere && connections.here === 0) goneHere.push(userId);
      if (this.#goIfLast(userId, presence)) gone.push(userId);
    }
    return { gone, goneHere, hadCount };
  }

  #come(member: Member): Presence {
    const presence = { member, connections: new Holdings() };
    this.#members.set(member.userId, presence);
    return presence;
  }

  #add(owner: Owner, { connections }: Presence): void {
    connections.add(owner, 1);
    this.#present.add(owner, 1);
  }

  #goIfLast(userId: string, { connections }: Presence): boolean {
    return connections.total === 0 && this.#members.delete(userId);
  }
}
