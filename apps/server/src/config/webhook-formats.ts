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

const REGION = '[a-z]+(?:-[a-z]+)+-\\d{1,2}';
const REGION_ALONE = new RegExp(`^${REGION}$`);
// As the API reference of Lambda has it ("Invoke", FunctionName).
const FUNCTION_NAME = new RegExp(
  `^(?:arn:aws[a-z-]*:lambda:(?<region>${REGION}):\\d{12}:function:|(?:\\d{12}:)?function:)?[\\w-]{1,64}(?::(?:\\$LATEST|[\\w-]{1,128}))?$`,
);

// A function may be called "none", too.
export const functionName: Format<string | null> = {
  expected: 'the name of a Lambda function or its ARN, each with or without :version or :alias',
  coerce: (raw) => raw.trim(),
  validate: (value): value is string | null =>
    value === null || (typeof value === 'string' && FUNCTION_NAME.test(value)),
};

/** `undefined` for a name that is no complete ARN. */
export function regionOfArn(name: string): string | undefined {
  return FUNCTION_NAME.exec(name)?.groups?.['region'];
}

export const awsRegion: Format<string | null> = orNone({
  expected: 'a region of AWS such as eu-west-1',
  coerce: (raw) => raw.trim(),
  validate: (value): value is string => typeof value === 'string' && REGION_ALONE.test(value),
});
