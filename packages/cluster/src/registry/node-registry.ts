import type {
  ChannelSummary,
  CountByKind,
  CountReport,
  DomainEvent,
  JoinAnswer,
  KeepRequest,
  KeptEvent,
  MemberRemoved,
  PresenceJoin,
  RateAnswer,
  RateRequest,
  Slot,
  UserRef,
} from '@sluice/core';
import { type CacheBounds, EventCache } from './event-cache.ts';
import { MergedState, type RegistryListener } from './merged-state.ts';
import type { WorkerId } from './owner.ts';
import { Replication, type ReplicationOptions } from './replication.ts';
import { RateTable } from './rate-table.ts';
import { Slots } from './slots.ts';

export interface NodeRegistryListener extends RegistryListener {
  /** Webhooks may tell of it; only of what this node is responsible for. */
  happened(event: DomainEvent): void;
  /** All connections of the user have to be closed. */
  userTerminated(user: UserRef): void;
}

export interface NodeRegistryOptions {
  readonly listener: NodeRegistryListener;
  readonly now: () => number;
  readonly cache: CacheBounds;
  /** Missing: this is the only node. */
  readonly cluster?: Omit<ReplicationOptions, 'cache' | 'listener' | 'now'>;
}

/** This node's one view of who is where in the whole cluster. Everything is answered from its own memory. */
export class NodeRegistry {
  /** What passes between this node and the others; null: this is the only one. */
  readonly replication: Replication | null;
  readonly #listener: NodeRegistryListener;
  readonly #state: MergedState;
  readonly #slots: Slots;
  readonly #rates: RateTable;
  readonly #cache: EventCache;
  readonly #self: string;

  constructor({ listener, now, cache, cluster }: NodeRegistryOptions) {
    this.#listener = listener;
    this.#self = cluster?.self ?? '';
    this.#rates = new RateTable(now);
    this.#cache = new EventCache({ ...cache, now });
    if (cluster === undefined) {
      this.#slots = new Slots();
      this.#state = new MergedState({ listener, happened: (event) => listener.happened(event) });
      this.replication = null;
    } else {
      this.replication = new Replication({ ...cluster, listener, now, cache: this.#cache });
      this.#slots = this.replication.slots;
      this.#state = this.replication.state;
    }
  }

  acquire(worker: WorkerId, slot: Slot): boolean {
    return this.#slots.acquire(worker, slot);
  }

  hold(worker: WorkerId, slotName: string, connections: number): void {
    this.#slots.hold(worker, slotName, connections);
  }

  release(worker: WorkerId, slotName: string): void {
    this.#slots.release(worker, slotName);
  }

  /** Rates are counted by each node for itself. */
  take(request: RateRequest): RateAnswer {
    return this.#rates.take(request);
  }

  count(worker: WorkerId, report: CountReport): void {
    this.#state.count(worker, report);
  }

  /** Something that only one worker knows of. */
  emit(event: DomainEvent): void {
    if (this.replication !== null && event.type === 'cache_miss') this.replication.missed(event);
    else this.#listener.happened(event);
  }

  keep(request: KeepRequest): void {
    const stamp = this.#cache.keep(request, this.#self);
    this.replication?.stream.kept(request, stamp);
  }

  kept(appId: string, channel: string): KeptEvent | null {
    return this.#cache.kept(appId, channel);
  }

  userJoined(worker: WorkerId, user: UserRef): void {
    this.#state.userJoined(worker, user);
  }

  userLeft(worker: WorkerId, user: UserRef): void {
    this.#state.userLeft(worker, user);
  }

  /** Has every connection of the user closed, on all nodes. */
  terminateUser(user: UserRef): void {
    this.#listener.userTerminated(user);
    this.replication?.stream.terminated(user);
  }

  /** Returns who of the users is online. */
  watch(worker: WorkerId, appId: string, userIds: readonly string[]): string[] {
    return userIds.filter((userId) => {
      const record = this.#state.directory.user({ appId, userId });
      record.watchers.add(worker);
      return record.isOnline;
    });
  }

  unwatch(worker: WorkerId, appId: string, userIds: readonly string[]): void {
    const { directory } = this.#state;
    for (const userId of userIds) {
      const record = directory.user({ appId, userId });
      record.watchers.delete(worker);
      directory.discardUser({ appId, userId }, record);
    }
  }

  /** `answered` is called before the listener hears of the join: a newcomer has the list before any event. */
  join(worker: WorkerId, request: PresenceJoin, answered: (answer: JoinAnswer) => void): void {
    this.#state.join(worker, request, answered);
  }

  leave(worker: WorkerId, event: MemberRemoved): void {
    this.#state.leave(worker, event);
  }

  /** A worker of this node has died. */
  dropOwner(worker: WorkerId): void {
    this.#slots.drop(worker);
    this.#state.drop(worker);
  }

  channels(appId: string, prefix: string): ChannelSummary[] {
    const found: ChannelSummary[] = [];
    for (const [channel, record] of this.#state.directory.app(appId).channels) {
      if (record.isOccupied && channel.startsWith(prefix)) found.push(record.summary(channel));
    }
    return found;
  }

  summaries(appId: string, channels: readonly string[]): ChannelSummary[] {
    const app = this.#state.directory.app(appId);
    return channels.map(
      (channel) => app.channels.get(channel)?.summary(channel) ?? { channel, subscriptions: 0, users: 0 },
    );
  }

  /** How many channels of each app the workers of this node have, by kind. */
  channelCounts(): Map<string, CountByKind> {
    const { apps } = this.#state.directory;
    return new Map([...apps].map(([appId, { channelsByKind }]) => [appId, { ...channelsByKind }]));
  }

  users(appId: string, channel: string): string[] {
    return this.#state.directory.channel({ appId, channel })?.userIds() ?? [];
  }
}
