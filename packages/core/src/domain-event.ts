/** What webhooks tell about. `type` is the name that the event has in their bodies. */
export type DomainEvent = ChannelEvent | MemberEvent | ClientEventSent | SubscriptionCounted;

interface ChannelEvent {
  readonly type: 'channel_occupied' | 'channel_vacated' | 'cache_miss';
  readonly appId: string;
  readonly channel: string;
}

interface MemberEvent {
  readonly type: 'member_added' | 'member_removed';
  readonly appId: string;
  readonly channel: string;
  readonly userId: string;
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
