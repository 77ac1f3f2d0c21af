import type { Member, SocketId } from '@sluice/protocol';
import type { DomainEvent } from '../domain-event.ts';

/** The slot that every connection of a node needs; it alone is counted by each node for itself. */
export const NODE_SLOT = 'node';

/** What only so many connections may have at once: a place under an app's quota on all nodes, or in the node at all. */
export interface Slot {
  readonly name: string;
  /** At least 1. */
  readonly max: number;
}

export interface PresenceJoin {
  readonly appId: string;
  readonly channel: string;
  readonly socketId: SocketId;
  readonly member: Member;
  /** A user who is there already may always add a connection. */
  readonly maxMembers: number;
}

/** The whole member list, the newcomer included, as of the join; or that the channel is full. */
export type JoinAnswer = readonly Member[] | 'full';

export interface ChannelSummary {
  readonly channel: string;
  /** Connections subscribed. */
  readonly subscriptions: number;
  /** Distinct users; 0 for channels without presence. */
  readonly users: number;
}

/** The last event of a cache channel. */
export interface KeptEvent {
  /** The whole text that subscribers get. */
  readonly text: string;
  /** Its tags as JSON, for the filters of later subscribers; empty for none. */
  readonly tagsJson: string;
  /** How much longer it is kept. */
  readonly ttlMs: number;
}

export interface KeepRequest extends KeptEvent {
  readonly appId: string;
  readonly channel: string;
}

export interface CountReport {
  readonly appId: string;
  readonly channel: string;
  /** Connections of this worker that are subscribed. */
  readonly subscriptions: number;
  /** Whether subscribers are to be told of the change. */
  readonly announce: boolean;
}

/** A rate that all workers share, counted in windows that begin with the first point taken. */
export interface RateRequest {
  /** What is counted. */
  readonly name: string;
  readonly points: number;
  readonly max: number;
  readonly windowMs: number;
}

export interface RateAnswer {
  /** Whether the points still fit in this window; if not, none is taken. */
  readonly taken: boolean;
  /** Points left in the window. */
  readonly remaining: number;
  /** Until the next window. */
  readonly resetMs: number;
}

/**
 * The node's one view of who is where in the whole cluster, kept by the primary. What a worker tells it is heard in the order told.
 *
 * Questions are answered from the node's own memory. They are asked only where an exact answer over all workers is
 * owed: a presence join, a cache channel's kept event, a watchlist, a quota of an app or the node, a shared rate, a query
 * of the HTTP API; never for a connect or publish without limits, nor for another subscribe.
 */
export interface Registry {
  /** Takes a slot, if one is free. */
  acquire(slot: Slot): Promise<boolean>;
  /** Takes slots for connections that were there before there was a limit, however many are free. */
  hold(slotName: string, connections: number): void;
  /** Gives back a slot that was acquired or held. */
  release(slotName: string): void;
  /** How many connections of this worker are subscribed now; the last number told is the one that holds. */
  count(report: CountReport): void;
  /** Keeps an event for later subscribers of its cache channel, in place of the one before. To be told before it is published. */
  keep(request: KeepRequest): void;
  /** The event that a cache channel keeps. MUST answer before any message published later is handed out. */
  kept(appId: string, channel: string, answered: (kept: KeptEvent | null) => void): void;
  /** One more connection of this worker is signed in as the user. */
  userJoined(user: UserRef): void;
  userLeft(user: UserRef): void;
  /** Has this worker told when the users come and go. MUST answer who is online before any such event. */
  watch(appId: string, userIds: readonly string[], answered: (online: readonly string[]) => void): void;
  /** Nobody here watches the users any more. */
  unwatch(appId: string, userIds: readonly string[]): void;
  /**
   * Adds one connection of a user. MUST call `answered` before any member event that happened after the join is
   * handed out, and not again; that is what leaves no gap between list and events.
   */
  join(request: PresenceJoin, answered: (answer: JoinAnswer) => void): void;
  /** Takes back one join that was answered with a list. */
  leave(appId: string, channel: string, userId: string): void;
  /** Occupied channels whose name starts with `prefix`. */
  channels(appId: string, prefix: string): Promise<readonly ChannelSummary[]>;
  /** The named channels, occupied or not, in the order given. */
  summaries(appId: string, channels: readonly string[]): Promise<readonly ChannelSummary[]>;
  /** Ids of the users on a presence channel. */
  users(appId: string, channel: string): Promise<readonly string[]>;
  /** Has every connection closed that is signed in as the user, on all workers. */
  terminateUser(user: UserRef): void;
  /** Something that only this worker knows of happened, and the app's webhooks tell of it. */
  emit(event: DomainEvent): void;
  take(request: RateRequest): Promise<RateAnswer>;
}

/** A user's first connection joined a presence channel. */
export interface MemberAdded {
  readonly appId: string;
  readonly channel: string;
  readonly member: Member;
  /** The connection that joined; it has the member list and gets no event. Empty: it is on another node. */
  readonly socketId: SocketId | '';
}

/** A user's last connection left a presence channel. */
export interface MemberRemoved {
  readonly appId: string;
  readonly channel: string;
  readonly userId: string;
}

export interface SubscriptionCount {
  readonly appId: string;
  readonly channel: string;
  readonly count: number;
}

/** A user of an app, by the id that was signed in. */
export interface UserRef {
  readonly appId: string;
  readonly userId: string;
}

/** What the registry tells a worker. */
export interface RegistryEvents {
  /** Of a channel that the worker has members of. */
  memberAdded(event: MemberAdded): void;
  memberRemoved(event: MemberRemoved): void;
  /** A channel that the worker has subscribers on has another number of them. */
  subscriptionCount(event: SubscriptionCount): void;
  /** A watched user's first connection signed in, or the last one went. */
  userOnline(user: UserRef): void;
  userOffline(user: UserRef): void;
  /** The user's connections have to be closed. */
  userTerminated(user: UserRef): void;
}
