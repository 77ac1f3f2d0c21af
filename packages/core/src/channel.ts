import type { ChannelName } from '@sluice/protocol';
import type { Connection } from './connection.ts';

/** A channel of one app as this worker sees it; exists while a local connection has or wants a subscription. */
export class Channel {
  readonly name: ChannelName;
  /** Names the channel of this app on the backbone. */
  readonly topic: string;
  /** Connections whose subscription is active. */
  readonly subscribers = new Set<Connection>();
  /** Subscriptions, pending ones included; the channel goes when there is none. */
  references = 0;
  /** Whether messages published elsewhere reach this worker. Until then confirmations wait in `waiting`. */
  joined = false;
  waiting: (() => void)[] = [];
  /** Events that passed here which a cache channel keeps; tells whether one came while another was being asked for. */
  keptEvents = 0;

  constructor(name: ChannelName, topic: string) {
    this.name = name;
    this.topic = topic;
  }
}

/** `:` is not in the alphabet of channel names, so no two channels share a topic, whatever the id of their app. */
export function topicOf(appId: string, channel: string): string {
  return `${appId}:${channel}`;
}
