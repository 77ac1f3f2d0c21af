import { type Admission, type ChannelSummary, type ConnectionQuota, type JoinAnswer, type MemberAdded, type MemberRemoved, type PresenceJoin, type RateRequest, RateWindow } from '@sluice/core';
import { ChannelRecord, type Owner } from './channel-record.ts';

/** Consequences of changes, for the owners that hold a member of the channel. */
export interface RegistryListener {
  memberAdded(owners: ReadonlySet<Owner>, event: MemberAdded): void;
  memberRemoved(owners: ReadonlySet<Owner>, event: MemberRemoved): void;
}

export interface NodeRegistryOptions {
  readonly listener: RegistryListener;
  /** Connections of all apps on this node; 0: unlimited. */
  readonly maxConnections: number;
  readonly now: () => number;
}

class AppRecord {
  readonly channels = new Map<string, ChannelRecord>();
  /** Admitted connections by owner; only apps and nodes with a quota count them. */
  readonly connections = new Map<Owner, number>();
  readonly rates: Record<RateRequest['kind'], RateWindow> = {
    backend_events: new RateWindow(),
    read_requests: new RateWindow(),
  };
}

/**
 * This node's one view of who is where, by owner. Member events are derived from its transitions, so that there are no
 * doubles, and when an owner dies everything it held goes, so that there are no ghosts.
 */
export class NodeRegistry {
  readonly #options: NodeRegistryOptions;
  readonly #apps = new Map<string, AppRecord>();

  constructor(options: NodeRegistryOptions) {
    this.#options = options;
  }

  admit(owner: Owner, quota: ConnectionQuota): Admission {
    const app = this.#app(quota.appId);
    if (quota.maxConnections > 0 && sum(app.connections) >= quota.maxConnections) return 'over_quota';
    const { maxConnections } = this.#options;
    if (maxConnections > 0 && this.#connections() >= maxConnections) return 'over_capacity';
    app.connections.set(owner, (app.connections.get(owner) ?? 0) + 1);
    return 'admitted';
  }

  release(owner: Owner, appId: string): void {
    const { connections } = this.#app(appId);
    const left = (connections.get(owner) ?? 0) - 1;
    if (left > 0) connections.set(owner, left);
    else connections.delete(owner);
  }

  take(request: RateRequest): boolean {
    return this.#app(request.appId).rates[request.kind].take(request.points, request.maxPerSecond, this.#options.now());
  }

  count(owner: Owner, { appId, channel, subscriptions }: { appId: string; channel: string; subscriptions: number }): void {
    this.#record(appId, channel).setCount(owner, subscriptions);
    this.#discardIfEmpty(appId, channel);
  }

  /** `answered` is called before the listener hears of the join: a newcomer has the list before any event. */
  join(owner: Owner, request: PresenceJoin, answered: (answer: JoinAnswer) => void): void {
    const { appId, channel, member, socketId, maxMembers } = request;
    const record = this.#record(appId, channel);
    const { answer, isNew } = record.join(owner, member, maxMembers);
    answered(answer);
    if (isNew) this.#options.listener.memberAdded(record.memberOwners(), { appId, channel, member, socketId });
    this.#discardIfEmpty(appId, channel);
  }

  leave(owner: Owner, { appId, channel, userId }: MemberRemoved): void {
    const record = this.#record(appId, channel);
    if (record.leave(owner, userId)) {
      this.#options.listener.memberRemoved(record.memberOwners(), { appId, channel, userId });
    }
    this.#discardIfEmpty(appId, channel);
  }

  /** The owner has died. */
  dropOwner(owner: Owner): void {
    for (const [appId, app] of this.#apps) {
      app.connections.delete(owner);
      for (const [channel, record] of app.channels) {
        const gone = record.drop(owner);
        const owners = record.memberOwners();
        for (const userId of gone) this.#options.listener.memberRemoved(owners, { appId, channel, userId });
        if (record.isEmpty) app.channels.delete(channel);
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
    return channels.map((channel) => app.channels.get(channel)?.summary(channel) ?? { channel, subscriptions: 0, users: 0 });
  }

  users(appId: string, channel: string): string[] {
    return this.#app(appId).channels.get(channel)?.userIds() ?? [];
  }

  #app(appId: string): AppRecord {
    let app = this.#apps.get(appId);
    if (app === undefined) {
      app = new AppRecord();
      this.#apps.set(appId, app);
    }
    return app;
  }

  #record(appId: string, channel: string): ChannelRecord {
    const { channels } = this.#app(appId);
    let record = channels.get(channel);
    if (record === undefined) {
      record = new ChannelRecord();
      channels.set(channel, record);
    }
    return record;
  }

  #discardIfEmpty(appId: string, channel: string): void {
    const { channels } = this.#app(appId);
    if (channels.get(channel)?.isEmpty === true) channels.delete(channel);
  }

  #connections(): number {
    let all = 0;
    for (const app of this.#apps.values()) all += sum(app.connections);
    return all;
  }
}

function sum(counts: ReadonlyMap<Owner, number>): number {
  let all = 0;
  for (const count of counts.values()) all += count;
  return all;
}
