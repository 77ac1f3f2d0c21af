/** What webhooks tell about. `type` is the name that the event has in their bodies. */
export type DomainEvent = Transition | CacheMissed | ClientEventSent | SubscriptionCounted;

/** A channel or a member has come or gone. */
export type Transition = ChannelTransition | MemberTransition;

interface ChannelTransition {
  readonly type: 'channel_occupied' | 'channel_vacated';
  readonly appId: string;
  readonly channel: string;
}

interface MemberTransition {
  readonly type: 'member_added' | 'member_removed';
  readonly appId: string;
  readonly channel: string;
  readonly userId: string;
}

interface CacheMissed {
  readonly type: 'cache_miss';
  readonly appId: string;
  readonly channel: string;
}

interface ClientEventSent {
  readonly type: 'client_event';
  readonly appId: string;
  readonly channel: string;
  readonly event: string;
  readonly data: string;
  readonly socketId: string;
  /** Told of presence channels only. */
  readonly userId: string | null;
}

interface SubscriptionCounted {
  readonly type: 'subscription_count';
  readonly appId: string;
  readonly channel: string;
  readonly count: number;
}

export type EventType = DomainEvent['type'];

export const EVENT_TYPES = [
  'channel_occupied',
  'channel_vacated',
  'member_added',
  'member_removed',
  'client_event',
  'cache_miss',
  'subscription_count',
] as const satisfies readonly EventType[];

const OPPOSITE = {
  channel_occupied: 'channel_vacated',
  channel_vacated: 'channel_occupied',
  member_added: 'member_removed',
  member_removed: 'member_added',
} as const;

export function isTransition(event: DomainEvent): event is Transition {
  return event.type in OPPOSITE;
}

/** The transition that undoes it. */
export function oppositeOf(transition: Transition): Transition {
  const { appId, channel } = transition;
  if ('userId' in transition) {
    return { type: OPPOSITE[transition.type], appId, channel, userId: transition.userId };
  }
  return { type: OPPOSITE[transition.type], appId, channel };
}

/**
 * The channel, or the member of it, that came or went. The length makes it unambiguous whatever an app's id holds; names of
 * channels hold no space.
 */
export function subjectOf(transition: Transition): string {
  const channel = `${transition.appId.length} ${transition.appId} ${transition.channel}`;
  return 'userId' in transition ? `${channel} ${transition.userId}` : channel;
}
