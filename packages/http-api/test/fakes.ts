import {
  type AppCounters,
  type Backbone,
  emptyCounters,
  emptyDeltaCounters,
  type ChannelSummary,
  type Frame,
  type Framer,
  type JoinAnswer,
  type KeepRequest,
  type KeptEvent,
  type Metrics,
  type PresenceJoin,
  type RateAnswer,
  type RateRequest,
  type UserRef,
  type Registry,
} from '@sluice/core';

/** A registry that is told what to say. */
export class FakeRegistry implements Registry {
  /** By app id and channel, in order. */
  readonly occupied = new Map<string, ChannelSummary[]>();
  userIds: readonly string[] = [];
  readonly taken: RateRequest[] = [];
  readonly terminated: UserRef[] = [];
  readonly keptEvents = new Map<string, KeptEvent>();
  /** Whether points of a rate are given. */
  grants = true;
  /** What every query fails with. */
  failure: Error | null = null;

  async acquire(): Promise<boolean> {
    return true;
  }

  hold(): void {}
  release(): void {}

  terminateUser(user: UserRef): void {
    this.terminated.push(user);
  }

  count(): void {}
  emit(): void {}

  keep({ channel, text, tagsJson, ttlMs }: KeepRequest): void {
    this.keptEvents.set(channel, { text, tagsJson, ttlMs });
  }

  kept(_appId: string, channel: string, answered: (kept: KeptEvent | null) => void): void {
    answered(this.keptEvents.get(channel) ?? null);
  }

  userJoined(): void {}

  userLeft(): void {}

  watch(_appId: string, _userIds: readonly string[], answered: (online: readonly string[]) => void): void {
    answered([]);
  }

  unwatch(): void {}

  join(_request: PresenceJoin, answered: (answer: JoinAnswer) => void): void {
    answered([]);
  }

  leave(): void {}

  async channels(appId: string, prefix: string): Promise<readonly ChannelSummary[]> {
    return this.#of(appId).filter(({ channel }) => channel.startsWith(prefix));
  }

  async summaries(appId: string, channels: readonly string[]): Promise<readonly ChannelSummary[]> {
    const all = this.#of(appId);
    return channels.map(
      (name) => all.find(({ channel }) => channel === name) ?? { channel: name, subscriptions: 0, users: 0 },
    );
  }

  async users(): Promise<readonly string[]> {
    return this.userIds;
  }

  async take(request: RateRequest): Promise<RateAnswer> {
    this.taken.push(request);
    return { taken: this.grants, remaining: this.grants ? request.max - request.points : 0, resetMs: 1200 };
  }

  #of(appId: string): readonly ChannelSummary[] {
    if (this.failure !== null) throw this.failure;
    return this.occupied.get(appId) ?? [];
  }
}

/** Notes what is published, as if every channel had its subscribers on another worker. */
export class FakeBackbone implements Backbone {
  readonly hasPeers = true;
  readonly published: { readonly topic: string; readonly bytes: string }[] = [];
  /** When the other workers have taken up what was published. */
  gate: Promise<void> = Promise.resolve();

  join(_topic: string, joined: () => void): void {
    joined();
  }

  leave(): void {}

  publish(topic: string, message: Uint8Array): void {
    this.published.push({ topic, bytes: Buffer.from(message).toString() });
  }

  takenUp(): Promise<void> {
    return this.gate;
  }
}

export const FRAMER: Framer = {
  frame: (text): Frame => ({ payload: Buffer.from(text) }),
  frameBytes: (payload): Frame => ({ payload }),
  binaryFrame: (payload): Frame => ({ payload }),
  afterFlush: (done) => done(),
};

export class FakeMetrics implements Metrics {
  readonly deltas = emptyDeltaCounters();
  readonly counters = emptyCounters();

  app(): AppCounters {
    return this.counters;
  }

  readonly addressChecks: string[] = [];

  connectionError(): void {}

  addressChecked(context: string, outcome: string): void {
    this.addressChecks.push(`${context} ${outcome}`);
  }

  closed(): void {}

  broadcast(): void {}
}
