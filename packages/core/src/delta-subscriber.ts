import { BaseHolder, type DeltaFormat } from '@sluice/delta';
import type { Connection } from './connection.ts';
import type { Subscription } from './subscription.ts';

export interface DeltaSubscriberOptions {
  readonly connection: Connection;
  readonly subscription: Subscription;
  readonly format: DeltaFormat;
  readonly since: number;
}

/** A subscription that takes deltas, and what it holds. */
export class DeltaSubscriber extends BaseHolder {
  readonly connection: Connection;
  readonly subscription: Subscription;
  readonly format: DeltaFormat;
  /** Messages of the stream when it began: those are not for it. */
  readonly since: number;
  /** It was the one subscriber that a message was not for. */
  wasLeftOut = false;
  /** When it was last sent the bases of its channel, in monotonic milliseconds. */
  syncedAt = -Infinity;

  constructor({ connection, subscription, format, since }: DeltaSubscriberOptions) {
    super();
    this.connection = connection;
    this.subscription = subscription;
    this.format = format;
    this.since = since;
  }
}
