import type { ChannelKind, CloseReason, Member } from '@sluice/protocol';
import type { DomainEvent } from '../src/domain-event.ts';
import type {
  AppCounters,
  Backbone,
  ChannelSummary,
  Clock,
  ConnectionErrorType,
  CountReport,
  Deliver,
  Frame,
  Framer,
  JoinAnswer,
  KeepRequest,
  KeptEvent,
  Metrics,
  PresenceJoin,
  RateAnswer,
  RateRequest,
  Registry,
  RegistryEvents,
  Slot,
  Transport,
  UserRef,
} from '../src/ports/index.ts';
import { emptyCounters, emptyDeltaCounters } from '../src/ports/index.ts';

/** A frame whose wire form is just its text. */
export class TextFrame implements Frame {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  get payload(): Uint8Array {
    return Buffer.from(this.text);
  }
}

/** Reads, as a text, one character a byte. No text of a message begins like one. */
export class BinaryFrame implements Frame {
  readonly payload: Uint8Array;

  constructor(payload: Uint8Array) {
    this.payload = payload;
  }

  get text(): string {
    return Buffer.from(this.payload).toString('latin1');
  }
}

export class FakeFramer implements Framer {
  made = 0;
  readonly #afterFlush: (() => void)[] = [];

  frame(text: string): TextFrame {
    this.made++;
    return new TextFrame(text);
  }

  frameBytes(payload: Uint8Array): TextFrame {
    return this.frame(Buffer.from(payload).toString());
  }

  binaryFrame(payload: Uint8Array): BinaryFrame {
    this.made++;
    return new BinaryFrame(payload);
  }

  afterFlush(done: () => void): void {
    this.#afterFlush.push(done);
  }

  flush(): void {
    for (const done of this.#afterFlush.splice(0)) done();
  }
}

/** Records in order what a client would get. */
export class FakeTransport implements Transport {
  readonly frames: Frame[] = [];
  readonly texts: string[] = [];
  closed: CloseReason | null = null;
  slow = false;
  /** Frames are dropped instead. */
  dropping = false;

  send(frame: Frame): boolean {
    if (this.dropping) return false;
    this.frames.push(frame);
    this.texts.push(frame instanceof BinaryFrame ? frame.text : Buffer.from(frame.payload).toString());
    return true;
  }

  close(reason: CloseReason): void {
    this.closed ??= reason;
  }
}

export class FakeClock implements Clock {
  #nowMs = 1_700_000_000_000;
  #monotonicMs = 0;

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    this.#monotonicMs += ms;
  }
}

export class FakeMetrics implements Metrics {
  readonly apps = new Map<string, AppCounters>();
  readonly deltas = emptyDeltaCounters();
  readonly broadcasts: { readonly kind: ChannelKind; readonly recipients: number; readonly seconds: number }[] = [];

  app(appId: string): AppCounters {
    let counters = this.apps.get(appId);
    if (counters === undefined) {
      counters = emptyCounters();
      this.apps.set(appId, counters);
    }
    return counters;
  }

  addressChecked(): void {}

  connectionError(_appId: string | null, _type: ConnectionErrorType): void {}

  closed(_code: number): void {}

  broadcast(kind: ChannelKind, recipients: number, seconds: number): void {
    this.broadcasts.push({ kind, recipients, seconds });
  }
}

/** An ordered way between two parties. Things pass at once, or one by one while it is held. */
class Pipe {
  #held = false;
  readonly #waiting: (() => void)[] = [];

  push(thing: () => void): void {
    if (this.#held || this.#waiting.length > 0) this.#waiting.push(thing);
    else thing();
  }

  hold(): void {
    this.#held = true;
  }

  /** Lets one thing pass; false if there was none. */
  step(): boolean {
    const thing = this.#waiting.shift();
    thing?.();
    return thing !== undefined;
  }

  release(): void {
    while (this.step());
    this.#held = false;
  }
}

/** One worker's end of a backbone in this process. */
export class FakeBackbone implements Backbone {
  readonly topics = new Set<string>();
  readonly published: { readonly topic: string; readonly message: Uint8Array }[] = [];
  readonly left: string[] = [];
  /** Joins and leaves on their way; while it is held nobody is told `joined`, nor gets a message. */
  readonly control = new Pipe();
  readonly inbox = new Pipe();
  hasPeers = true;
  deliver: Deliver = () => {};
  readonly #all: readonly FakeBackbone[];

  /** `all`: every end, this one included; filled by the caller. */
  constructor(all: readonly FakeBackbone[]) {
    this.#all = all;
  }

  join(topic: string, joined: () => void): void {
    this.control.push(() => {
      this.topics.add(topic);
      joined();
    });
  }

  leave(topic: string): void {
    this.left.push(topic);
    this.control.push(() => this.topics.delete(topic));
  }

  publish(topic: string, message: Uint8Array): void {
    this.published.push({ topic, message });
    for (const other of this.#all) {
      if (other !== this && other.topics.has(topic)) other.inbox.push(() => other.deliver(message));
    }
  }

  takenUp(): undefined {
    return undefined;
  }
}

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
