import type { Member } from '@sluice/protocol';
import type { DomainEvent } from '../src/domain-event.ts';
import type {
  ChannelSummary,
  CountReport,
  JoinAnswer,
  KeepRequest,
  KeptEvent,
  PresenceJoin,
  RateAnswer,
  RateRequest,
  Registry,
  RegistryEvents,
  Slot,
  UserRef,
} from '../src/ports/index.ts';
import { Pipe } from './pipe.ts';

interface Presence {
  readonly member: Member;
  connections: number;
}

function keyOf(appId: string, channel: string): string {
  return `${appId}:${channel}`;
}

/** What a primary keeps for all workers; each worker talks to it through its own {@link WorkerRegistry}. */
export class FakePrimary {
  readonly workers: WorkerRegistry[] = [];
  readonly members = new Map<string, Map<string, Presence>>();
  readonly slots = new Map<string, number>();
  /** What cache channels keep. */
  readonly kept = new Map<string, KeptEvent>();
  /** What workers told for webhooks. */
  readonly emitted: DomainEvent[] = [];
  /** Connections of signed-in users. */
  readonly online = new Map<string, number>();

  announceCount(appId: string, channel: string): void {
    const key = keyOf(appId, channel);
    const holders = this.workers.filter((worker) => worker.counts.has(key));
    const count = holders.reduce((sum, worker) => sum + (worker.counts.get(key) ?? 0), 0);
    for (const worker of holders) worker.down.push(() => worker.events?.subscriptionCount({ appId, channel, count }));
  }

  changeUser(key: string, { by, ...user }: UserRef & { readonly by: 1 | -1 }): void {
    const before = this.online.get(key) ?? 0;
    const after = before + by;
    if (after < 0) throw new Error(`${key} left more often than joined`);
    this.online.set(key, after);
    if (before > 0 === after > 0) return;
    for (const worker of this.workers.filter(({ watched }) => watched.has(key))) {
      worker.down.push(() => (after > 0 ? worker.events?.userOnline(user) : worker.events?.userOffline(user)));
    }
  }

  acquire({ name, max }: Slot): boolean {
    const held = this.slots.get(name) ?? 0;
    if (held >= max) return false;
    this.slots.set(name, held + 1);
    return true;
  }

  release(name: string): void {
    const held = this.slots.get(name) ?? 0;
    if (held === 0) throw new Error(`${name} was released more often than acquired`);
    this.slots.set(name, held - 1);
  }

  join(worker: WorkerRegistry, request: PresenceJoin, answered: (answer: JoinAnswer) => void): void {
    const { appId, channel, member, socketId, maxMembers } = request;
    const key = keyOf(appId, channel);
    const users = this.members.get(key) ?? new Map<string, Presence>();
    const present = users.get(member.userId);
    if (present === undefined && users.size >= maxMembers) {
      worker.down.push(() => answered('full'));
      return;
    }
    this.members.set(key, users);
    if (present === undefined) users.set(member.userId, { member, connections: 1 });
    else present.connections++;
    const list = [...users.values()].map((presence) => presence.member);
    worker.down.push(() => answered(list));
    if (present === undefined) this.#tell((events) => events.memberAdded({ appId, channel, member, socketId }));
  }

  leave(appId: string, channel: string, userId: string): void {
    const key = keyOf(appId, channel);
    const users = this.members.get(key);
    const present = users?.get(userId);
    if (users === undefined || present === undefined) throw new Error(`${userId} left ${key} without having joined`);
    present.connections--;
    if (present.connections > 0) return;
    users.delete(userId);
    if (users.size === 0) this.members.delete(key);
    this.#tell((events) => events.memberRemoved({ appId, channel, userId }));
  }

  subscriptions(appId: string, channel: string): number {
    const key = keyOf(appId, channel);
    return this.workers.reduce((sum, worker) => sum + (worker.counts.get(key) ?? 0), 0);
  }

  summary(appId: string, channel: string): ChannelSummary {
    const users = this.members.get(keyOf(appId, channel))?.size ?? 0;
    return { channel, subscriptions: this.subscriptions(appId, channel), users };
  }

  occupied(appId: string, prefix: string): readonly ChannelSummary[] {
    const start = keyOf(appId, prefix);
    const keys = new Set(this.workers.flatMap((worker) => [...worker.counts.keys()]));
    return [...keys]
      .filter((key) => key.startsWith(start))
      .map((key) => this.summary(appId, key.slice(appId.length + 1)));
  }

  #tell(event: (events: RegistryEvents) => void): void {
    for (const worker of this.workers) {
      worker.down.push(() => {
        if (worker.events !== null) event(worker.events);
      });
    }
  }
}

/** The registry as one worker sees it: what it tells goes up in order, answers and events come down in order. */
export class WorkerRegistry implements Registry {
  readonly up = new Pipe();
  readonly down = new Pipe();
  /** Subscriptions told by this worker; a channel without any has no entry. */
  readonly counts = new Map<string, number>();
  /** Calls in order, for what must not be asked. */
  readonly calls: string[] = [];
  /** Users that somebody here watches. */
  readonly watched = new Set<string>();
  events: RegistryEvents | null = null;
  readonly #primary: FakePrimary;

  constructor(primary: FakePrimary) {
    this.#primary = primary;
    primary.workers.push(this);
  }

  acquire(slot: Slot): Promise<boolean> {
    return this.#ask('acquire', () => this.#primary.acquire(slot));
  }

  emit(event: DomainEvent): void {
    this.up.push(() => this.#primary.emitted.push(event));
  }

  terminateUser(user: UserRef): void {
    this.up.push(() => {
      for (const { events } of this.#primary.workers) events?.userTerminated(user);
    });
  }

  hold(name: string, connections: number): void {
    this.calls.push('hold');
    this.up.push(() => this.#primary.slots.set(name, (this.#primary.slots.get(name) ?? 0) + connections));
  }

  release(name: string): void {
    this.calls.push('release');
    this.up.push(() => this.#primary.release(name));
  }

  count({ appId, channel, subscriptions, announce }: CountReport): void {
    this.calls.push('count');
    this.up.push(() => {
      if (subscriptions === 0) this.counts.delete(keyOf(appId, channel));
      else this.counts.set(keyOf(appId, channel), subscriptions);
      if (announce) this.#primary.announceCount(appId, channel);
    });
  }

  keep(request: KeepRequest): void {
    this.up.push(() => this.#primary.kept.set(keyOf(request.appId, request.channel), request));
  }

  kept(appId: string, channel: string, answered: (kept: KeptEvent | null) => void): void {
    this.up.push(() => {
      const kept = this.#primary.kept.get(keyOf(appId, channel)) ?? null;
      this.down.push(() => answered(kept));
    });
  }

  userJoined({ appId, userId }: UserRef): void {
    this.up.push(() => this.#primary.changeUser(keyOf(appId, userId), { appId, userId, by: 1 }));
  }

  userLeft({ appId, userId }: UserRef): void {
    this.up.push(() => this.#primary.changeUser(keyOf(appId, userId), { appId, userId, by: -1 }));
  }

  watch(appId: string, userIds: readonly string[], answered: (online: readonly string[]) => void): void {
    this.up.push(() => {
      for (const userId of userIds) this.watched.add(keyOf(appId, userId));
      const online = userIds.filter((userId) => (this.#primary.online.get(keyOf(appId, userId)) ?? 0) > 0);
      this.down.push(() => answered(online));
    });
  }

  unwatch(appId: string, userIds: readonly string[]): void {
    this.up.push(() => {
      for (const userId of userIds) this.watched.delete(keyOf(appId, userId));
    });
  }

  join(request: PresenceJoin, answered: (answer: JoinAnswer) => void): void {
    this.calls.push('join');
    this.up.push(() => this.#primary.join(this, request, answered));
  }

  leave(appId: string, channel: string, userId: string): void {
    this.calls.push('leave');
    this.up.push(() => this.#primary.leave(appId, channel, userId));
  }

  channels(appId: string, prefix: string): Promise<readonly ChannelSummary[]> {
    return this.#ask('channels', () => this.#primary.occupied(appId, prefix));
  }

  summaries(appId: string, channels: readonly string[]): Promise<readonly ChannelSummary[]> {
    return this.#ask('summaries', () => channels.map((channel) => this.#primary.summary(appId, channel)));
  }

  users(appId: string, channel: string): Promise<readonly string[]> {
    return this.#ask('users', () => [...(this.#primary.members.get(keyOf(appId, channel))?.keys() ?? [])]);
  }

  take({ max }: RateRequest): Promise<RateAnswer> {
    return this.#ask('take', () => ({ taken: true, remaining: max, resetMs: 0 }));
  }

  #ask<T>(name: string, answer: () => T): Promise<T> {
    this.calls.push(name);
    return new Promise((resolve) => {
      this.up.push(() => {
        const value = answer();
        this.down.push(() => resolve(value));
      });
    });
  }
}
