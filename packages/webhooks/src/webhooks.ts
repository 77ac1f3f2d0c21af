import {
  type DomainEvent,
  isTransition,
  type Ledger,
  type LedgerEntry,
  oppositeOf,
  type Transition,
} from '@sluice/core';
import { type ChannelKind, parseChannelName } from '@sluice/protocol';
import { eventText } from './body.ts';
import { Debounce } from './debounce.ts';
import type { Endpoint } from './endpoint.ts';
import { Endpoints } from './endpoints.ts';
import { Inheritance } from './inheritance.ts';
import type { WebhookCounters, WebhooksOptions } from './options.ts';
import { entryText } from './owed.ts';
import { RecentMisses } from './recent-misses.ts';

/** Tells the operators' endpoints what happens on channels. Nothing here waits in the caller, and nothing throws. */
export interface Webhooks {
  readonly counters: Readonly<WebhookCounters>;
  /** Connects the ledger, where there is one. Rejects when it cannot be reached. */
  open(): Promise<void>;
  /** Takes up what other nodes left in the ledger. To be called when `isThere` knows, and clients can come back. */
  inherit(): void;
  emit(event: DomainEvent): void;
  /** Another node tells of the transition: what it undoes is not told any more, should it be held here. */
  toldElsewhere(transition: Transition): void;
  /**
   * At the end, when nobody can come back: sends what can be sent within the time, be it held, waiting for a batch or for
   * the next try. Resolves when nothing is left that could be, at the latest after `deadlineMs`.
   */
  flush(deadlineMs: number): Promise<void>;
  /** Ends calls on the way. What was not sent is left to other nodes, where there is a ledger, and else dropped. */
  close(): Promise<void>;
}

/** Channels and members that may be on their way out at once, over all apps. */
const MAX_HELD = 100_000;

/** Who is told of an event. Nobody: only the one that it may undo is told to somebody. */
interface Audience {
  readonly kind: ChannelKind;
  readonly endpoints: readonly Endpoint[];
}

export function createWebhooks(options: WebhooksOptions): Webhooks {
  return new Dispatcher(options);
}

class Dispatcher implements Webhooks {
  readonly counters: WebhookCounters;
  readonly #options: WebhooksOptions;
  readonly #endpoints: Endpoints;
  readonly #debounce: Debounce;
  readonly #misses = new RecentMisses();
  readonly #flushes = new Set<Flush>();
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(options: WebhooksOptions) {
    this.#options = options;
    this.counters = newCounters(options.ledger);
    const onRest = (): void => this.#checkFlushes();
    this.#endpoints = new Endpoints({ ...options, counters: this.counters, onRest });
    // Looked up afresh: the app may have changed since.
    const letGo = (event: Transition): void => this.#send(event, this.#audienceOf(event));
    this.#debounce = new Debounce({
      delayMs: options.vacatedDelayMs,
      max: MAX_HELD,
      letGo,
      isThere: options.isThere,
      note: noteIn(options.ledger),
    });
  }

  async open(): Promise<void> {
    const { ledger } = this.#options;
    if (ledger === null) return;
    const onHold = (): void => this.#wait();
    const [endpoints, debounce, counters] = [this.#endpoints, this.#debounce, this.counters];
    await ledger.open(new Inheritance({ ...this.#options, endpoints, debounce, counters, onHold }));
  }

  inherit(): void {
    if (!this.#isClosed) this.#options.ledger?.inherit();
  }

  emit(event: DomainEvent): void {
    if (this.#isClosed) return;
    const audience = this.#audienceOf(event);
    if (audience === null) return;
    const now = this.#options.clock.monotonic();
    this.#debounce.release(now);
    if (event.type === 'cache_miss' && !this.#misses.isNew(event.appId, event.channel, now)) return;
    if (this.#debounce.passes(event, now)) this.#send(event, audience);
    else this.#wait();
  }

  toldElsewhere(transition: Transition): void {
    if (this.#isClosed) return;
    this.#debounce.release(this.#options.clock.monotonic());
    this.#debounce.undo(transition);
  }

  async flush(deadlineMs: number): Promise<void> {
    if (this.#isClosed) return;
    const flush = new Flush(this.#options.clock.monotonic() + deadlineMs, deadlineMs);
    this.#flushes.add(flush);
    for (const endpoint of this.#endpoints.all()) {
      endpoint.flushing = true;
      endpoint.tryNow();
    }
    this.#debounce.releaseAll();
    this.#checkFlushes();
    await flush.over;
    this.#flushes.delete(flush);
    if (this.#flushes.size === 0) for (const endpoint of this.#endpoints.all()) endpoint.flushing = false;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    const { ledger, log } = this.#options;
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    // Into the queues, where they are counted as dropped with the rest.
    if (ledger === null) this.#debounce.releaseAll();
    for (const endpoint of this.#endpoints.all()) endpoint.close();
    for (const flush of this.#flushes) flush.end();
    const lost = (await ledger?.close()) ?? 0;
    this.counters.dropped += lost;
    if (lost > 0) log.warn('webhooks end with events that were not sent and are noted nowhere', { count: lost });
  }

  /** `null`: there are no webhooks of such an event, nor of the one that it may undo. */
  #audienceOf(event: DomainEvent): Audience | null {
    const { type, appId, channel } = event;
    const app = this.#options.findApp(appId);
    if (app === undefined || app.targets.length === 0) {
      this.#endpoints.forget(appId);
      return null;
    }
    const kind = kindOf(channel);
    if (kind === undefined || kind === 'user' || (type === 'subscription_count' && kind === 'presence')) return null;
    // A going is held for those that only hear of the coming, too: who is back in time has not come.
    const opposite = isTransition(event) ? oppositeOf(event).type : undefined;
    const endpoints: Endpoint[] = [];
    let isUndoing = false;
    for (const endpoint of this.#endpoints.of(app)) {
      const isWanted = endpoint.wantsType(type);
      const isOppositeWanted = opposite !== undefined && endpoint.wantsType(opposite);
      if ((!isWanted && !isOppositeWanted) || !endpoint.wantsChannel(channel)) continue;
      if (isWanted) endpoints.push(endpoint);
      else isUndoing = true;
    }
    return endpoints.length > 0 || isUndoing ? { kind, endpoints } : null;
  }

  #send(event: DomainEvent, audience: Audience | null): void {
    if (audience === null || audience.endpoints.length === 0) return;
    const { clock } = this.#options;
    const text = eventText(event, audience.kind);
    const { type } = event;
    const bytes = Buffer.byteLength(text);
    const queued = { type, text, bytes, timeMs: clock.now(), at: clock.monotonic(), entry: null };
    for (const endpoint of audience.endpoints) {
      if (this.#flushes.size > 0) endpoint.flushing = true;
      endpoint.push(queued);
    }
  }

  #wait(): void {
    const dueAt = this.#debounce.nextDueAt();
    if (dueAt === null || this.#timer !== null || this.#isClosed) return;
    this.#timer = setTimeout(() => this.#release(), dueAt - this.#options.clock.monotonic());
    this.#timer.unref();
  }

  #release(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#debounce.release(this.#options.clock.monotonic());
    this.#wait();
    this.#checkFlushes();
  }

  #checkFlushes(): void {
    for (const flush of this.#flushes) {
      if (this.#endpoints.all().every((endpoint) => endpoint.isAtRest(flush.deadlineAt))) flush.end();
    }
  }
}

/** Somebody waits for it, so unlike all others its timer keeps the process alive. */
class Flush {
  readonly deadlineAt: number;
  readonly over: Promise<void>;
  readonly #timer: NodeJS.Timeout;
  #resolve: (() => void) | null = null;

  constructor(deadlineAt: number, deadlineMs: number) {
    this.deadlineAt = deadlineAt;
    this.over = new Promise((resolve) => (this.#resolve = resolve));
    this.#timer = setTimeout(() => this.end(), deadlineMs);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#resolve?.();
  }
}

/** `undefined` for what is no name of a channel. */
function kindOf(channel: string): ChannelKind | undefined {
  return parseChannelName(channel, channel.length)?.kind;
}

function newCounters(ledger: Ledger | null): WebhookCounters {
  return {
    sent: 0,
    failedAttempts: 0,
    deadLettered: 0,
    dropped: 0,
    queued: 0,
    inherited: 0,
    get unsaved() {
      return ledger?.unsaved ?? 0;
    },
  };
}

function noteIn(ledger: Ledger | null): (going: Transition) => LedgerEntry | null {
  return (going) => ledger?.note(() => entryText({ kind: 'going', going })) ?? null;
}
