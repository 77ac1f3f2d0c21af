import { EXTENSIONS } from '@sluice/core/testing';
import {
  type AppCounters,
  type Backbone,
  type ConnectionErrorType,
  emptyCounters,
  emptyDeltaCounters,
  Hub,
  type JoinAnswer,
  type Metrics,
  type PresenceJoin,
  type RateAnswer,
  type RateRequest,
  type Registry,
} from '@sluice/core';
import { Outbox } from '../src/outbox.ts';

class FakeMetrics implements Metrics {
  readonly deltas = emptyDeltaCounters();
  readonly counters = emptyCounters();
  readonly refusals: ConnectionErrorType[] = [];
  readonly closeCodes: number[] = [];
  readonly addressChecks: string[] = [];

  app(): AppCounters {
    return this.counters;
  }

  addressChecked(context: string, outcome: string): void {
    this.addressChecks.push(`${context} ${outcome}`);
  }

  connectionError(_appId: string | null, type: ConnectionErrorType): void {
    this.refusals.push(type);
  }

  closed(code: number): void {
    this.closeCodes.push(code);
  }

  broadcast(): void {}
}

/** A registry that answers who may connect only when the test says so. */
class HeldRegistry implements Registry {
  /** Questions for a slot that wait for their answer, the oldest first. */
  readonly asked: PromiseWithResolvers<boolean>[] = [];
  readonly released: string[] = [];

  acquire(): Promise<boolean> {
    const question = Promise.withResolvers<boolean>();
    this.asked.push(question);
    return question.promise;
  }

  hold(): void {}

  release(slotName: string): void {
    this.released.push(slotName);
  }

  join(request: PresenceJoin, answered: (answer: JoinAnswer) => void): void {
    answered([request.member]);
  }

  kept(_appId: string, _channel: string, answered: (kept: null) => void): void {
    answered(null);
  }

  watch(_appId: string, _userIds: readonly string[], answered: (online: readonly string[]) => void): void {
    answered([]);
  }

  count(): void {}
  keep(): void {}
  leave(): void {}
  userJoined(): void {}
  userLeft(): void {}
  unwatch(): void {}
  terminateUser(): void {}
  emit(): void {}
  channels = () => Promise.resolve([]);
  summaries = () => Promise.resolve([]);
  users = () => Promise.resolve([]);

  /** What each rate that is asked for is answered. */
  rateAnswer: Promise<RateAnswer> = Promise.resolve({ taken: true, remaining: 4, resetMs: 59_900 });
  readonly rates: RateRequest[] = [];

  take(request: RateRequest): Promise<RateAnswer> {
    this.rates.push(request);
    return this.rateAnswer;
  }
}

/** Nobody else is there. */
const ALONE: Backbone = {
  hasPeers: false,
  join: (_topic, joined) => joined(),
  leave: () => {},
  publish: () => {},
  takenUp: () => undefined,
};

/** A hub of one worker, and what its ports saw. */
export class LoneHub {
  readonly outbox = new Outbox({ flushDelayMs: 0, writeBufferBytes: 100, sliceMs: 5 });
  readonly registry = new HeldRegistry();
  readonly metrics = new FakeMetrics();
  readonly errors: unknown[] = [];
  readonly hub: Hub;

  constructor({ authorisationTimeoutMs = 30_000 }: { readonly authorisationTimeoutMs?: number } = {}) {
    const clock = { now: () => Date.now(), monotonic: () => performance.now() };
    const { outbox: framer, registry, metrics } = this;
    this.hub = new Hub(
      { framer, backbone: ALONE, registry, metrics, clock, onError: (error) => this.errors.push(error) },
      {
        activityTimeoutSeconds: 120,
        maxConnections: 0,
        maxSubscriptionsPerConnection: 100,
        ...EXTENSIONS,
        sendSubscriptionErrors: false,
        authorisationTimeoutMs,
        departuresPerSlice: 64,
        cacheTtlMs: 30_000,
      },
    );
  }
}
