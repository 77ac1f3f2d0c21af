import type { ChannelDelta } from '@sluice/delta';
import type { ChannelName } from '@sluice/protocol';
import type { AppSpace } from './app-space.ts';
import { Audience } from './audience.ts';
import type { ConflationWindow } from './conflation-window.ts';
import type { DeltaStream } from './delta-stream.ts';

export interface ChannelOptions {
  readonly name: ChannelName;
  readonly space: AppSpace;
  readonly delta: ChannelDelta;
}

/** A channel of one app as this worker sees it; exists while a local connection has or wants a subscription. */
export class Channel {
  readonly name: ChannelName;
  readonly space: AppSpace;
  /** Names the channel of this app on the backbone. */
  readonly topic: string;
  /** What its settings say of deltas, conflation and tags. */
  readonly delta: ChannelDelta;
  /** Connections whose subscription is active. */
  readonly audience = new Audience();
  /** Null while nobody takes deltas. */
  stream: DeltaStream | null = null;
  /** Null on channels that send everything. */
  window: ConflationWindow | null = null;
  /** Subscriptions, pending ones included; the channel goes when there is none. */
  references = 0;
  /** Whether messages published elsewhere reach this worker. Until then confirmations wait in `waiting`. */
  joined = false;
  waiting: (() => void)[] = [];
  /** Events that passed here which a cache channel keeps; tells whether one came while another was being asked for. */
  keptEvents = 0;

  constructor({ name, space, delta }: ChannelOptions) {
    this.name = name;
    this.space = space;
    this.delta = delta;
    this.topic = topicOf(space.app.id, name.raw);
  }
}

/** `:` is not in the alphabet of channel names, so no two channels share a topic, whatever the id of their app. */
export function topicOf(appId: string, channel: string): string {
  return `${appId}:${channel}`;
}
