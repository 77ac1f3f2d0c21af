import type { Member } from '@sluice/protocol';
import type { Channel } from './channel.ts';

/**
 * pending: asked for, nothing sent yet. active: succeeded and gets events.
 * cancelled: the connection ended while it was pending.
 */
export type SubscriptionState = 'pending' | 'active' | 'cancelled';

/** One connection on one channel. */
export class Subscription {
  readonly channel: Channel;
  /** On presence channels who the connection is there; else null. */
  readonly member: Member | null;
  state: SubscriptionState = 'pending';
  /** Waits only for its turn: confirmations go out in the order of the requests. */
  ready = false;

  constructor(channel: Channel, member: Member | null) {
    this.channel = channel;
    this.member = member;
  }
}
