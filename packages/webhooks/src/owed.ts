import type { EventType, Transition } from '@sluice/core';
import { EVENT_TYPES } from '@sluice/core';
import type { QueuedEvent } from './event-queue.ts';

/** Of an event that waits for an endpoint. */
export interface OwedEvent {
  readonly kind: 'event';
  readonly appId: string;
  /** The name of the endpoint (endpoint-name.ts). */
  readonly endpoint: string;
  readonly event: Pick<QueuedEvent, 'type' | 'text' | 'timeMs'>;
}

/** Of a going that is held. It concerns no endpoint yet. */
export interface OwedGoing {
  readonly kind: 'going';
  readonly going: Transition;
}

export type Owed = OwedEvent | OwedGoing;

/** The form of entries; nodes of another release may read them. */
const VERSION = 1;

/** An entry of the ledger. Holds neither secrets nor headers: calls are made and signed by whoever sends them. */
export function entryText(owed: Owed): string {
  return JSON.stringify({ version: VERSION, ...owed });
}

/** `undefined` for what is no entry of ours, or one of a later release. */
export function parseEntry(text: string): Owed | undefined {
  const entry = parse(text);
  if (entry?.['version'] !== VERSION) return undefined;
  return entry['kind'] === 'event' ? toOwedEvent(entry) : toOwedGoing(entry);
}

type Parsed = Readonly<Record<string, unknown>>;

function toOwedEvent({ appId, endpoint, event }: Parsed): OwedEvent | undefined {
  if (typeof appId !== 'string' || typeof endpoint !== 'string' || !isObject(event)) return undefined;
  const { type, text, timeMs } = event;
  if (!isEventType(type) || typeof text !== 'string' || typeof timeMs !== 'number') return undefined;
  return { kind: 'event', appId, endpoint, event: { type, text, timeMs } };
}

function toOwedGoing({ kind, going }: Parsed): OwedGoing | undefined {
  if (kind !== 'going' || !isObject(going)) return undefined;
  const { type, appId, channel, userId } = going;
  if (typeof appId !== 'string' || typeof channel !== 'string') return undefined;
  if (type === 'channel_vacated') return { kind, going: { type, appId, channel } };
  if (type !== 'member_removed' || typeof userId !== 'string') return undefined;
  return { kind, going: { type, appId, channel, userId } };
}

function isEventType(type: unknown): type is EventType {
  return EVENT_TYPES.some((known) => known === type);
}

function isObject(value: unknown): value is Parsed {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string): Parsed | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
