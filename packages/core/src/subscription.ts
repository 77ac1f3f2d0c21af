import type { AskedDelta } from '@sluice/delta';
import type { Filter } from '@sluice/filter';
import type { Member } from '@sluice/protocol';
import type { Channel } from './channel.ts';
import type { DeltaSubscriber } from './delta-subscriber.ts';

/**
 * pending: asked for, nothing sent yet. active: succeeded and gets events.
 * cancelled: the connection ended while it was pending.
 */
export type SubscriptionState = 'pending' | 'active' | 'cancelled';

export interface SubscriptionOptions {
  readonly channel: Channel;
  /** On presence channels who the connection is there; else null. */
  readonly member: Member | null;
  /** `undefined`: deltas as the connection does. */
  readonly askedDelta: AskedDelta | undefined;
  /** Whoever ends the subscription releases it; null: everything is wanted. */
  readonly filter: Filter | null;
}

/** One connection on one channel. */
export class Subscription {
  readonly channel: Channel;
  readonly member: Member | null;
  readonly askedDelta: AskedDelta | undefined;
  filter: Filter | null;
  state: SubscriptionState = 'pending';
  /** Waits only for its turn: confirmations go out in the order of the requests. */
  ready = false;
  /** While active, where it takes deltas. */
  delta: DeltaSubscriber | null = null;

  constructor({ channel, member, askedDelta, filter }: SubscriptionOptions) {
    this.channel = channel;
    this.member = member;
    this.askedDelta = askedDelta;
    this.filter = filter;
  }
}
