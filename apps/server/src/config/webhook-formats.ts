import { EVENT_TYPES } from '@sluice/core';
import { headerProblem } from '@sluice/webhooks';
import { type Format, listOf, oneOf, orNone, type RawRecord } from './formats.ts';
import { isRecord } from './problem.ts';

export const webhookUrl: Format<string> = {
  expected: 'a complete URL that begins with http:// or https://',
  coerce: (raw) => raw.trim(),
  validate: (value): value is string =>
    typeof value === 'string' && ['http:', 'https:'].includes(URL.parse(value)?.protocol ?? ''),
};

const someEventTypes = listOf(oneOf(...EVENT_TYPES));

/** An empty list would get nothing, which nobody means. */
export const eventTypes: Format<readonly string[] | null> = orNone({
  ...someEventTypes,
  expected: `a list of at least one of ${EVENT_TYPES.join(', ')}`,
  validate: (value): value is readonly string[] => someEventTypes.validate(value) && value.length > 0,
});

export const section: Format<RawRecord> = {
  expected: 'a section',
  coerce: (text) => text,
  validate: isRecord,
};

export const headers: Format<Readonly<Record<string, string>>> = {
  expected:
    'names of HTTP headers with their texts, but none that Sluice sets itself (Content-Type, X-Pusher-Key, …) or that belong to the connection',
  coerce: (text) => text,
  validate: (value): value is Readonly<Record<string, string>> =>
    isRecord(value) && Object.entries(value).every(([name, text]) => headerProblem(name, text) === undefined),
};

// A channel may be called "none", so here that word means itself.
export const partOfName: Format<string | null> = {
  expected: 'a text',
  coerce: (text) => text,
  validate: (value): value is string | null => value === null || typeof value === 'string',
};

/** With the flag `u`, escapes that mean something elsewhere and nothing here are refused instead of never fitting. */
export const pattern: Format<string | null> = {
  expected: 'a regular expression as JavaScript has it, with flag u',
  coerce: (text) => text,
  validate: (value): value is string | null => value === null || (typeof value === 'string' && isPattern(value)),
};

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u').unicode;
  } catch {
    return false;
  }
}
