import type { App, ChannelSummary } from '@sluice/core';
import { httpError } from './errors.ts';

export type Attribute = 'user_count' | 'subscription_count' | 'cache';

/** What may be asked of many channels at once; of one also what it keeps. */
export const COUNTS: readonly Attribute[] = ['user_count', 'subscription_count'];
export const ALL_ATTRIBUTES: readonly Attribute[] = [...COUNTS, 'cache'];

const NOTHING: ReadonlySet<Attribute> = new Set();

/** Reads `info`, a comma separated list; absent and empty ask for nothing. */
export function parseInfo(info: unknown, available: readonly Attribute[]): ReadonlySet<Attribute> {
  if (info === undefined || info === null || info === '') return NOTHING;
  if (typeof info !== 'string') throw httpError('invalidParameter', 'info has to be a string');
  const asked = new Set<Attribute>();
  for (const part of info.split(',')) {
    const name = available.find((attribute) => attribute === part.trim());
    if (name === undefined) throw httpError('unknownAttribute', part.trim(), available.join(', '));
    asked.add(name);
  }
  return asked;
}

/** The attributes that were asked for and that the channel has; the rest is left out without a word. */
export function attributesOf(app: App, summary: ChannelSummary, asked: ReadonlySet<Attribute>): Record<string, number> {
  const attributes: Record<string, number> = {};
  if (asked.has('user_count') && isPresence(summary.channel)) attributes['user_count'] = summary.users;
  if (asked.has('subscription_count') && app.subscriptionCount) {
    attributes['subscription_count'] = summary.subscriptions;
  }
  return attributes;
}

export function isPresence(channel: string): boolean {
  return channel.startsWith('presence-');
}

/** An object keyed by channel name, without a prototype for names like `__proto__` to reach. */
export function byChannel<T>(entries: Iterable<readonly [string, T]>): Record<string, T> {
  const result: Record<string, T> = Object.create(null) as Record<string, T>;
  for (const [channel, value] of entries) result[channel] = value;
  return result;
}
