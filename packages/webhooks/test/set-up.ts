import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { Clock, DomainEvent, Log, Transition } from '@sluice/core';
import { APP, type LambdaReceiver, type ReceivedCall, type WebhookReceiver } from '@sluice/testkit';
import {
  createWebhooks,
  type FindApp,
  type LambdaDestination,
  type WebhookApp,
  type Webhooks,
  type WebhooksOptions,
  type WebhookTarget,
} from '../src/index.ts';

export const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class FakeLog implements Log {
  readonly lines: LogLine[] = [];
  readonly debug = this.#at('debug');
  readonly info = this.#at('info');
  readonly warn = this.#at('warn');
  readonly error = this.#at('error');

  find(part: string): LogLine[] {
    return this.lines.filter(({ message }) => message.includes(part));
  }

  #at(level: string): Log['info'] {
    return (message, fields = {}) => void this.lines.push({ level, message, fields: { ...fields } });
  }
}

export const SECRET = APP.secret;

const TO_ALL = { eventTypes: null, filter: { prefix: null, suffix: null, pattern: null }, headers: {} };

export function target(url: string, changes: Partial<WebhookTarget> = {}): WebhookTarget {
  return { ...TO_ALL, destination: { kind: 'http', url }, ...changes };
}

/** The function `f`, in a region of its own; invoked as an `Event`. */
export function lambda(
  { origin, credentials }: Pick<LambdaReceiver, 'origin' | 'credentials'>,
  { changes = {}, ...others }: Partial<WebhookTarget> & { readonly changes?: Partial<LambdaDestination> } = {},
): WebhookTarget {
  const where = { functionName: 'f', region: 'eu-north-1', invocationType: 'Event', endpoint: origin } as const;
  return { ...TO_ALL, destination: { kind: 'lambda', ...where, credentials, ...changes }, ...others };
}

export function app(...targets: readonly WebhookTarget[]): WebhookApp {
  return { ...APP, targets };
}

export interface Running extends Webhooks {
  readonly log: FakeLog;
}

/** Webhooks with times that a test can wait for. */
export function start(
  t: TestContext,
  apps: WebhookApp | readonly WebhookApp[] | FindApp,
  changes: Partial<WebhooksOptions> = {},
): Running {
  const log = new FakeLog();
  const webhooks = createWebhooks({
    findApp: finderOf(apps),
    batching: { enabled: false, durationMs: 50, size: 100 },
    retry: { maxElapsedMs: 5000, initialBackoffMs: 20, maxBackoffMs: 200 },
    requestTimeoutMs: 2000,
    maxQueuedEvents: 20_000,
    maxQueuedBytes: 100_000_000,
    vacatedDelayMs: 100,
    ledger: null,
    isThere: () => false,
    log,
    clock,
    ...changes,
  });
  t.after(() => webhooks.close());
  return {
    log,
    counters: webhooks.counters,
    open: () => webhooks.open(),
    inherit: () => webhooks.inherit(),
    emit: (event) => webhooks.emit(event),
    toldElsewhere: (event) => webhooks.toldElsewhere(event),
    flush: (deadlineMs) => webhooks.flush(deadlineMs),
    close: () => webhooks.close(),
  };
}

function finderOf(apps: WebhookApp | readonly WebhookApp[] | FindApp): FindApp {
  if (typeof apps === 'function') return apps;
  const list = Array.isArray(apps) ? (apps as readonly WebhookApp[]) : [apps as WebhookApp];
  const byId = new Map(list.map((one) => [one.id, one]));
  return (id) => byId.get(id);
}

const appId = APP.id;
export const occupied = (channel: string): Transition => ({ type: 'channel_occupied', appId, channel });
export const vacated = (channel: string): Transition => ({ type: 'channel_vacated', appId, channel });
export const miss = (channel: string): DomainEvent => ({ type: 'cache_miss', appId, channel });
export const added = (channel: string, userId: string): Transition => {
  return { type: 'member_added', appId, channel, userId };
};
export const removed = (channel: string, userId: string): Transition => {
  return { type: 'member_removed', appId, channel, userId };
};
export const counted = (channel: string, count: number): DomainEvent => {
  return { type: 'subscription_count', appId, channel, count };
};
export function said(channel: string, data: string, userId: string | null = null): DomainEvent {
  return { type: 'client_event', appId, channel, event: 'client-said', data, socketId: '1.2', userId };
}

export function timeOf({ body }: ReceivedCall): unknown {
  return (JSON.parse(body) as { time_ms: unknown }).time_ms;
}

export function hmac(secret: string, body: string): string {
  return createHmac('sha256', secret).update(Buffer.from(body)).digest('hex');
}

/** Fails unless every channel got 0, 1, 2, … */
export function assertInOrder({ events }: WebhookReceiver, count: number): void {
  const next = new Map<string, number>();
  for (const { channel, data } of events) {
    assert.equal(Number(data), next.get(channel) ?? 0, `of ${channel}`);
    next.set(channel, Number(data) + 1);
  }
  assert.equal(events.length, count);
}
