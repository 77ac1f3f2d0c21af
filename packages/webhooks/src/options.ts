import type { Clock, Ledger, Log, Transition } from '@sluice/core';
import type { WebhookApp } from './webhook.ts';

export interface BatchRules {
  /** False: one event per call. */
  readonly enabled: boolean;
  /** How long the first event of a call waits for others. */
  readonly durationMs: number;
  /** Events per call. */
  readonly size: number;
}

export interface RetryRules {
  /** No try is made later than this after the event came up, or after the endpoint began to fail if that was later. */
  readonly maxElapsedMs: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
}

/** Counts of events, except `failedAttempts`. All but `queued` and `unsaved` only grow. */
export interface WebhookCounters {
  sent: number;
  /** Calls that were not answered with 2xx, and functions that failed. */
  failedAttempts: number;
  /** Given up after too long, or because the endpoint refuses them as too large. */
  deadLettered: number;
  /** Given up unsent: the queue was full, webhooks were closed, or a fault of ours. */
  dropped: number;
  /** Waiting for an endpoint or on the way to it now. */
  queued: number;
  /** Taken over from nodes that died. */
  inherited: number;
  /** Known to this process alone, though there is a ledger: not written yet, or it cannot be reached. Falls, too. */
  readonly unsaved: number;
}

/** What all endpoints share. */
export interface EndpointContext {
  readonly batching: BatchRules;
  readonly retry: RetryRules;
  readonly requestTimeoutMs: number;
  /** Per target, those on the way included; so are the bytes. */
  readonly maxQueuedEvents: number;
  readonly maxQueuedBytes: number;
  readonly log: Log;
  readonly clock: Clock;
  readonly counters: WebhookCounters;
  readonly ledger: Ledger | null;
  /** An endpoint has nothing to do, or nothing before its next try. */
  readonly onRest: () => void;
}

/** Gives the same object for an app until something about it changes: apps may come from a store. */
export type FindApp = (appId: string) => WebhookApp | undefined;

export interface WebhooksOptions {
  readonly findApp: FindApp;
  readonly batching: BatchRules;
  readonly retry: RetryRules;
  readonly requestTimeoutMs: number;
  /** Per target; at the bound new events are dropped. */
  readonly maxQueuedEvents: number;
  /** Of their texts. */
  readonly maxQueuedBytes: number;
  /** How long `channel_vacated` and `member_removed` are held. */
  readonly vacatedDelayMs: number;
  /** Where what waits is noted, so that it outlives this process; null: nowhere. */
  readonly ledger: Ledger | null;
  /** Whether a channel or member is there whose going is told of. Asked of goings that another node held. */
  readonly isThere: (going: Transition) => boolean;
  readonly log: Log;
  readonly clock: Clock;
}
