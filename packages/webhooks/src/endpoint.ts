import type { EventType, LedgerEntry } from '@sluice/core';
import { backoffMs } from './backoff.ts';
import { bodyText } from './body.ts';
import { attempt, type Call, type Caller, type Failure } from './call.ts';
import { callerOf } from './caller-of.ts';
import { EventQueue, type QueuedEvent } from './event-queue.ts';
import { Nap } from './nap.ts';
import { entryText } from './owed.ts';
import type { EndpointContext } from './options.ts';
import { Overflow } from './overflow.ts';
import type { WebhookApp, WebhookTarget } from './webhook.ts';

/** Of the events of one call. Bodies of more than 100 KB are refused by many receivers as they come. */
const MAX_CALL_BYTES = 64 * 1024;

export interface EndpointOwner {
  readonly app: WebhookApp;
  /** Which of the app's webhooks it is, from 0; for logs. */
  readonly place: number;
  /** In the ledger; empty where there is none. */
  readonly name: string;
}

/** Events on the way, in one call. */
interface Load {
  readonly events: readonly QueuedEvent[];
  readonly bytes: number;
  /** Made with the first try. */
  call: Call | null;
}

/**
 * One target of one app: its queue, and one call at a time, so that order holds and no other endpoint waits.
 *
 * The times of failing belong to the endpoint and not to the call: while it is down it is tried once per backoff, however
 * much waits, and every event still has the whole of `maxElapsedMs`.
 */
export class Endpoint {
  /** Its app signs the calls that are still to be made. */
  owner: EndpointOwner;
  readonly #target: WebhookTarget;
  readonly #pattern: RegExp | null;
  readonly #context: EndpointContext;
  readonly #caller: Caller;
  readonly #queue = new EventQueue();
  readonly #nap = new Nap();
  readonly #stop = new AbortController();
  readonly #overflow: Overflow;
  #load: Load | null = null;
  /** So many of the next events go alone, because the endpoint refused their call as too large. */
  #alone = 0;
  #isRunning = false;
  #isFlushing = false;
  /** Failed tries since the last success. */
  #failures = 0;
  #failingSince = 0;
  #retryAt = 0;

  constructor(owner: EndpointOwner, target: WebhookTarget, context: EndpointContext) {
    this.owner = owner;
    this.#target = target;
    const { pattern } = target.filter;
    this.#pattern = pattern === null ? null : new RegExp(pattern, 'u');
    this.#context = context;
    this.#caller = callerOf(target);
    this.#overflow = new Overflow(context.log, this.#logFields());
  }

  get queued(): number {
    return this.#queue.size + (this.#load?.events.length ?? 0);
  }

  get isFull(): boolean {
    return this.#fill() >= 1;
  }

  wantsType(type: EventType): boolean {
    const { eventTypes } = this.#target;
    return eventTypes === null || eventTypes.includes(type);
  }

  wantsChannel(channel: string): boolean {
    const { filter } = this.#target;
    return (
      (filter.prefix === null || channel.startsWith(filter.prefix)) &&
      (filter.suffix === null || channel.endsWith(filter.suffix)) &&
      (this.#pattern === null || this.#pattern.test(channel))
    );
  }

  push(event: QueuedEvent): void {
    if (!this.#overflow.admits(this.#fill())) {
      this.#context.counters.dropped++;
      return;
    }
    this.#queue.push(this.#noted(event));
    this.#context.counters.queued++;
    if (!this.#isRunning) void this.#run();
    // It may be waiting for just this event to fill a call.
    else if (this.#queue.size === this.#context.batching.size) this.#nap.wake();
  }

  /** Others see to these now. What is on the way goes on, and may arrive twice. */
  forget(entries: ReadonlySet<LedgerEntry>): void {
    const isLost = ({ entry }: QueuedEvent): boolean => entry !== null && entries.has(entry);
    if (this.#load?.events.some(isLost) === true) {
      this.#queue.putBack(this.#load.events);
      this.#load = null;
    }
    const { length: count } = this.#queue.takeWhere(isLost);
    if (count === 0) return;
    this.#context.counters.queued -= count;
    this.#context.log.warn('webhook events are left to another node, which took this one for dead', {
      ...this.#logFields(),
      count,
    });
    this.#overflow.drained(this.#fill());
  }

  /** While flushing, nothing waits for a batch to fill. */
  set flushing(isFlushing: boolean) {
    this.#isFlushing = isFlushing;
  }

  /** Does not wait for the time of the next try. */
  tryNow(): void {
    this.#retryAt = 0;
    this.#nap.wake();
  }

  /** Whether nothing will be sent up to then. */
  isAtRest(until: number): boolean {
    return this.queued === 0 || this.#retryAt > until;
  }

  close(): void {
    this.#stop.abort();
    this.#nap.wake();
    const { counters, ledger, log } = this.#context;
    const lost = this.queued;
    this.#load = null;
    this.#queue.takeAll();
    counters.queued -= lost;
    if (ledger !== null) {
      if (lost > 0) log.info('webhooks leave events to other nodes', { ...this.#logFields(), count: lost });
      return;
    }
    counters.dropped += lost;
    if (lost > 0) log.warn('webhooks end with events that were not sent', { ...this.#logFields(), count: lost });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // What is emitted in this turn may share a call.
    await Promise.resolve();
    while (this.queued > 0) {
      try {
        await this.#step();
      } catch (error) {
        this.#dropAfterFault(error);
      }
    }
    this.#isRunning = false;
    this.#context.onRest();
  }

  async #step(): Promise<void> {
    const waitMs = this.#dueAt() - this.#context.clock.monotonic();
    if (waitMs <= 0) return this.#try();
    this.#context.onRest();
    await this.#nap.sleep(waitMs);
  }

  /** Nobody waits for `#run`: what it throws would end the process. */
  #dropAfterFault(error: unknown): void {
    const { counters, log } = this.#context;
    // Without a load the next event goes instead, else a fault that lasts would be met for ever.
    const events = this.#load?.events ?? this.#queue.take(1, Infinity);
    const { length: count } = events;
    this.#load = null;
    strikeAll(events);
    counters.dropped += count;
    counters.queued -= count;
    log.error('webhooks have a fault and dropped events', {
      ...this.#logFields(),
      stage: 'deliver',
      count,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    this.#overflow.drained(this.#fill());
  }

  #dueAt(): number {
    const { enabled, durationMs, size } = this.#context.batching;
    const isCollecting = enabled && this.#load === null && this.#alone === 0 && this.#queue.size < size;
    return isCollecting && !this.#isFlushing
      ? Math.max(this.#retryAt, (this.#queue.first?.at ?? 0) + durationMs)
      : this.#retryAt;
  }

  async #try(): Promise<void> {
    const { clock, requestTimeoutMs: timeoutMs } = this.#context;
    const startedAt = clock.monotonic();
    this.#load ??= this.#nextLoad();
    const { events } = this.#load;
    this.#load.call ??= this.#callOf(events);
    const failure = await attempt(this.#load.call, { timeoutMs, signal: this.#stop.signal });
    // Closed meanwhile.
    if (this.#load === null) return;
    if (failure === null) this.#succeeded(events);
    else this.#failed(failure, startedAt);
  }

  #nextLoad(): Load {
    const { enabled, size } = this.#context.batching;
    const events = this.#queue.take(enabled && this.#alone === 0 ? size : 1, MAX_CALL_BYTES);
    if (this.#alone > 0) this.#alone--;
    return { events, bytes: events.reduce((sum, { bytes }) => sum + bytes, 0), call: null };
  }

  #callOf(events: readonly QueuedEvent[]): Call {
    const texts = events.map(({ text }) => text);
    return this.#caller.prepare(this.owner.app, bodyText(oldestMs(events), texts));
  }

  #succeeded(events: readonly QueuedEvent[]): void {
    this.#load = null;
    strikeAll(events);
    this.#context.counters.sent += events.length;
    this.#context.counters.queued -= events.length;
    if (this.#failures > 0) this.#context.log.info('a webhook endpoint works again', this.#logFields());
    this.#failures = 0;
    this.#retryAt = 0;
    this.#overflow.drained(this.#fill());
  }

  #failed({ reason, isTooLarge }: Failure, startedAt: number): void {
    const { counters, retry, clock, log } = this.#context;
    counters.failedAttempts++;
    if (isTooLarge) {
      this.#splitUp(reason);
      return;
    }
    if (this.#failures === 0) this.#failingSince = startedAt;
    this.#failures++;
    const delayMs = backoffMs(this.#failures, retry);
    this.#retryAt = clock.monotonic() + delayMs;
    const fields = { ...this.#logFields(), reason, failures: this.#failures, delayMs: Math.round(delayMs) };
    if (this.#failures === 1) log.warn('a webhook endpoint failed and is tried again', fields);
    else log.debug('a webhook endpoint failed again', fields);
    this.#giveUpOld(reason);
  }

  /** The endpoint is not down, so nothing waits. But one event alone can be made no smaller. */
  #splitUp(reason: string): void {
    const events = this.#load?.events ?? [];
    this.#load = null;
    if (events.length === 1) {
      this.#giveUp(events, reason);
      return;
    }
    this.#context.log.debug('a webhook endpoint refused a call as too large', this.#logFields());
    this.#queue.putBack(events);
    this.#alone = events.length;
  }

  /** Gives up what would be too old at the next try. */
  #giveUpOld(reason: string): void {
    const isTooOld = ({ at }: QueuedEvent): boolean => {
      return this.#retryAt > Math.max(at, this.#failingSince) + this.#context.retry.maxElapsedMs;
    };
    const [first] = this.#load?.events ?? [];
    if (first === undefined || !isTooOld(first)) return;
    // The younger ones get their time, in another call.
    this.#queue.putBack(this.#load?.events ?? []);
    this.#load = null;
    this.#giveUp(this.#queue.takeWhile(isTooOld), reason);
  }

  /** Dead-letters events that were taken from the queue. */
  #giveUp(events: readonly QueuedEvent[], reason: string): void {
    strikeAll(events);
    this.#context.counters.deadLettered += events.length;
    this.#context.counters.queued -= events.length;
    this.#context.log.error('webhook events were given up', {
      ...this.#logFields(),
      events: [...new Set(events.map(({ type }) => type))],
      count: events.length,
      reason,
    });
    this.#overflow.drained(this.#fill());
    if (this.queued > 0) return;
    // Nothing waits any more: the next event is a fresh start.
    this.#failures = 0;
    this.#retryAt = 0;
  }

  #noted(event: QueuedEvent): QueuedEvent {
    const { ledger } = this.#context;
    if (ledger === null || event.entry !== null) return event;
    const { type, text, timeMs } = event;
    const entry = ledger.note(() => {
      const { app, name } = this.owner;
      return entryText({ kind: 'event', appId: app.id, endpoint: name, event: { type, text, timeMs } });
    });
    return { ...event, entry };
  }

  /** How much of its bounds is in use. */
  #fill(): number {
    const { maxQueuedEvents, maxQueuedBytes } = this.#context;
    return Math.max(this.queued / maxQueuedEvents, (this.#queue.bytes + (this.#load?.bytes ?? 0)) / maxQueuedBytes);
  }

  #logFields(): Readonly<Record<string, string | number>> {
    return { app: this.owner.app.id, webhook: this.owner.place, ...this.#caller.logFields };
  }
}

function strikeAll(events: readonly QueuedEvent[]): void {
  for (const { entry } of events) entry?.strike();
}

/** Those that were taken over wait behind younger ones. */
function oldestMs(events: readonly QueuedEvent[]): number {
  return events.reduce((oldest, { timeMs }) => Math.min(oldest, timeMs), Infinity);
}
