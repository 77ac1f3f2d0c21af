import {
  type ChannelSummary,
  type CountByKind,
  type CountReport,
  type JoinAnswer,
  type KeepRequest,
  type KeptEvent,
  type MemberAdded,
  type MemberRemoved,
  type PresenceJoin,
  type RateAnswer,
  type RateRequest,
  type Slot,
  type SubscriptionCount,
  type UserRef,
} from '@sluice/core';
import { type ChannelKind, parseChannelName } from '@sluice/protocol';
import { ChannelRecord, type Owner } from './channel-record.ts';
import { CountAnnouncer } from './count-announcer.ts';
import { type CacheBounds, EventCache } from './event-cache.ts';
import { RateTable } from './rate-table.ts';
import { UserRecord } from './user-record.ts';

/** What changes, and for whom: the owners that hold a member or subscriber of the channel, or watch the user. */
export interface RegistryListener {
  /** The first subscriber on this node comes. */
  channelOccupied(channel: ChannelRef): void;
  /** The last one has gone. */
  channelVacated(channel: ChannelRef): void;
  memberAdded(owners: ReadonlySet<Owner>, event: MemberAdded): void;
  memberRemoved(owners: ReadonlySet<Owner>, event: MemberRemoved): void;
  subscriptionCount(owners: ReadonlySet<Owner>, event: SubscriptionCount): void;
  userOnline(owners: ReadonlySet<Owner>, user: UserRef): void;
  userOffline(owners: ReadonlySet<Owner>, user: UserRef): void;
}

export interface ChannelRef {
  readonly appId: string;
  readonly channel: string;
}

export interface NodeRegistryOptions {
  readonly listener: RegistryListener;
  readonly now: () => number;
  readonly cache: CacheBounds;
}

const NOBODY: ReadonlySet<Owner> = new Set();
const NOTHING_HELD: ReadonlyMap<Owner, number> = new Map();

class AppRecord {
  readonly channels = new Map<string, ChannelRecord>();
  readonly channelsByKind: CountByKind = { public: 0, private: 0, presence: 0, encrypted: 0, user: 0 };
  readonly users = new Map<string, UserRecord>();
}

/**
 * This node's one view of who is where, by owner. Member events are derived from its transitions, so that there are no
 * doubles, and when an owner dies everything it held goes, so that there are no ghosts.
 */
export class NodeRegistry {
  readonly #options: NodeRegistryOptions;
  readonly #apps = new Map<string, AppRecord>();
  /** How many of each slot are held, by owner. */
  readonly #slots = new Map<string, Map<Owner, number>>();

  readonly #rates: RateTable;
  readonly #cache: EventCache;
  readonly #counts: CountAnnouncer;

  constructor(options: NodeRegistryOptions) {
    this.#options = options;
    this.#rates = new RateTable(options.now);
    this.#cache = new EventCache({ ...options.cache, now: options.now });
    this.#counts = new CountAnnouncer({
      current: (ref) => this.#found(ref)?.subscriptions ?? 0,
      announce: (event) => {
        const owners = this.#found(event)?.subscriptionOwners();
        if (owners !== undefined) options.listener.subscriptionCount(owners, event);
      },
    });
  }

  acquire(owner: Owner, slot: Slot): boolean {
    if (sum(this.#slots.get(slot.name) ?? NOTHING_HELD) >= slot.max) return false;
    this.hold(owner, slot.name, 1);
    return true;
  }

  hold(owner: Owner, slotName: string, connections: number): void {
    const held = this.#slots.get(slotName) ?? new Map<Owner, number>();
    held.set(owner, (held.get(owner) ?? 0) + connections);
    this.#slots.set(slotName, held);
  }

  release(owner: Owner, slotName: string): void {
    const held = this.#slots.get(slotName);
    const left = (held?.get(owner) ?? 0) - 1;
    if (left > 0) held?.set(owner, left);
    else held?.delete(owner);
    if (held?.size === 0) this.#slots.delete(slotName);
  }

  take(request: RateRequest): RateAnswer {
    return this.#rates.take(request);
  }

  count(owner: Owner, { appId, channel, subscriptions, announce }: CountReport): void {
    const record = this.#found({ appId, channel }) ?? (subscriptions > 0 ? this.#open({ appId, channel }) : undefined);
    if (record === undefined) return;
    record.setCount(owner, subscriptions);
    record.announces = announce;
    if (announce) this.#counts.changed({ appId, channel, count: record.subscriptions });
    this.#closeIfEmpty({ appId, channel }, record);
  }

  keep(request: KeepRequest): void {
    this.#cache.keep(request);
  }

  kept(appId: string, channel: string): KeptEvent | null {
    return this.#cache.kept(appId, channel);
  }

  userJoined(owner: Owner, user: UserRef): void {
    const record = this.#user(user);
    if (record.join(owner)) this.#options.listener.userOnline(record.watchers, user);
  }

  userLeft(owner: Owner, user: UserRef): void {
    const record = this.#user(user);
    if (record.leave(owner)) this.#options.listener.userOffline(record.watchers, user);
    this.#discardUser(user, record);
  }

  /** Returns who of the users is online. */
  watch(owner: Owner, appId: string, userIds: readonly string[]): string[] {
    return userIds.filter((userId) => {
      const record = this.#user({ appId, userId });
      record.watchers.add(owner);
      return record.isOnline;
    });
  }

  unwatch(owner: Owner, appId: string, userIds: readonly string[]): void {
    for (const userId of userIds) {
      const record = this.#user({ appId, userId });
      record.watchers.delete(owner);
      this.#discardUser({ appId, userId }, record);
    }
  }

  /** `answered` is called before the listener hears of the join: a newcomer has the list before any event. */
  join(owner: Owner, request: PresenceJoin, answered: (answer: JoinAnswer) => void): void {
    const { appId, channel, member, socketId, maxMembers } = request;
    const record = this.#found(request) ?? this.#open({ appId, channel });
    const { answer, isNew } = record.join(owner, member, maxMembers);
    answered(answer);
    if (isNew) this.#options.listener.memberAdded(record.memberOwners(), { appId, channel, member, socketId });
    this.#closeIfEmpty({ appId, channel }, record);
  }

  leave(owner: Owner, { appId, channel, userId }: MemberRemoved): void {
    const record = this.#found({ appId, channel });
    if (record === undefined) return;
    if (record.leave(owner, userId)) {
      this.#options.listener.memberRemoved(record.memberOwners(), { appId, channel, userId });
    }
    this.#closeIfEmpty({ appId, channel }, record);
  }

  /** The owner has died. */
  dropOwner(owner: Owner): void {
    for (const [name, held] of this.#slots) {
      held.delete(owner);
      if (held.size === 0) this.#slots.delete(name);
    }
    for (const [appId, app] of this.#apps) {
      for (const [channel, record] of app.channels) {
        const { gone, hadCount } = record.drop(owner);
        const owners = gone.length === 0 ? NOBODY : record.memberOwners();
        for (const userId of gone) this.#options.listener.memberRemoved(owners, { appId, channel, userId });
        if (hadCount && record.announces) this.#counts.changed({ appId, channel, count: record.subscriptions });
        this.#closeIfEmpty({ appId, channel }, record);
      }
      for (const [userId, record] of app.users) {
        if (record.drop(owner)) this.#options.listener.userOffline(record.watchers, { appId, userId });
        if (record.isEmpty) app.users.delete(userId);
      }
    }
  }

  channels(appId: string, prefix: string): ChannelSummary[] {
    const found: ChannelSummary[] = [];
    for (const [channel, record] of this.#app(appId).channels) {
      if (record.isOccupied && channel.startsWith(prefix)) found.push(record.summary(channel));
    }
    return found;
  }

  summaries(appId: string, channels: readonly string[]): ChannelSummary[] {
    const app = this.#app(appId);
    return channels.map(
      (channel) => app.channels.get(channel)?.summary(channel) ?? { channel, subscriptions: 0, users: 0 },
    );
  }

  /** How many channels each app has, by kind. */
  channelCounts(): Map<string, CountByKind> {
    return new Map([...this.#apps].map(([appId, { channelsByKind }]) => [appId, { ...channelsByKind }]));
  }

  users(appId: string, channel: string): string[] {
    return this.#app(appId).channels.get(channel)?.userIds() ?? [];
  }

  #user({ appId, userId }: UserRef): UserRecord {
    const { users } = this.#app(appId);
    let record = users.get(userId);
    if (record === undefined) {
      record = new UserRecord();
      users.set(userId, record);
    }
    return record;
  }

  #discardUser({ appId, userId }: UserRef, record: UserRecord): void {
    if (record.isEmpty) this.#app(appId).users.delete(userId);
  }

  #app(appId: string): AppRecord {
    let app = this.#apps.get(appId);
    if (app === undefined) {
      app = new AppRecord();
      this.#apps.set(appId, app);
    }
    return app;
  }

  #found({ appId, channel }: ChannelRef): ChannelRecord | undefined {
    return this.#app(appId).channels.get(channel);
  }

  #open(ref: ChannelRef): ChannelRecord {
    const record = new ChannelRecord();
    const app = this.#app(ref.appId);
    app.channels.set(ref.channel, record);
    app.channelsByKind[kindOf(ref.channel)]++;
    this.#options.listener.channelOccupied(ref);
    return record;
  }

  #closeIfEmpty(ref: ChannelRef, record: ChannelRecord): void {
    if (!record.isEmpty) return;
    const app = this.#app(ref.appId);
    app.channels.delete(ref.channel);
    app.channelsByKind[kindOf(ref.channel)]--;
    this.#options.listener.channelVacated(ref);
  }
}

/** Of a name that a worker has checked. */
function kindOf(channel: string): ChannelKind {
  return parseChannelName(channel, channel.length)?.kind ?? 'public';
}

function sum(counts: ReadonlyMap<Owner, number>): number {
  let all = 0;
  for (const count of counts.values()) all += count;
  return all;
}
