import type { AskedDelta } from '@sluice/delta';
import type { Filter, FilterNode } from '@sluice/filter';
import type { Member } from '@sluice/protocol';
import type { Channel } from './channel.ts';
import type { DeltaSubscriber } from './delta-stream.ts';

/**
 * pending: asked for, nothing sent yet. active: succeeded and gets events.
 * cancelled: the connection ended while it was pending.
 */
export type SubscriptionState = 'pending' | 'active' | 'cancelled';

/** What a client asked for with a subscription, beside the channel. */
export interface Wishes {
  /** `undefined`: deltas as the connection does. */
  readonly delta: AskedDelta | undefined;
  /** `undefined`: everything. */
  readonly filter: FilterNode | undefined;
}

/** One connection on one channel. */
export class Subscription {
  readonly channel: Channel;
  /** On presence channels who the connection is there; else null. */
  readonly member: Member | null;
  /** Holds from the subscribe on; a filter may be changed later. */
  readonly wishes: Wishes;
  state: SubscriptionState = 'pending';
  /** Waits only for its turn: confirmations go out in the order of the requests. */
  ready = false;
  /** While active: which messages it gets; null: all. */
  filter: Filter | null = null;
  /** While active, where it takes deltas. */
  delta: DeltaSubscriber | null = null;
  /** When it was last sent the bases of its channel, in monotonic milliseconds. */
  syncedAt = -Infinity;

  constructor(channel: Channel, member: Member | null, wishes: Wishes) {
    this.channel = channel;
    this.member = member;
    this.wishes = wishes;
  }
}
