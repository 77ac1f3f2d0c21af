import type { Redis } from 'ioredis';
import { slotOf } from './slot.ts';

/** How messages are carried: by all of a Redis, or by the master of a cluster that has the channel's slot. */
export interface PubSubCommands {
  readonly messageEvent: 'messageBuffer' | 'smessageBuffer';
  publish(redis: Redis, channel: string, message: Buffer): Promise<unknown>;
  subscribe(redis: Redis, channels: readonly string[]): Promise<unknown>;
  unsubscribe(redis: Redis, channel: string): Promise<unknown>;
}

export const PLAIN: PubSubCommands = {
  messageEvent: 'messageBuffer',
  publish: (redis, channel, message) => redis.publish(channel, message),
  subscribe: (redis, channels) => redis.subscribe(...channels),
  unsubscribe: (redis, channel) => redis.unsubscribe(channel),
};

export const SHARDED: PubSubCommands = {
  messageEvent: 'smessageBuffer',
  publish: (redis, channel, message) => redis.spublish(channel, message),
  subscribe: (redis, channels) => Promise.all(bySlot(channels).map((each) => redis.ssubscribe(...each))),
  unsubscribe: (redis, channel) => redis.sunsubscribe(channel),
};

/** One command may only name channels of one slot. */
function bySlot(channels: readonly string[]): string[][] {
  const groups = new Map<number, string[]>();
  for (const channel of channels) {
    const slot = slotOf(channel);
    const group = groups.get(slot);
    if (group === undefined) groups.set(slot, [channel]);
    else group.push(channel);
  }
  return [...groups.values()];
}
