import { isRecord } from './problem.ts';

/** What a value has to be. Text is read by `coerce` wherever it stands: environment, flag or file. */
export interface Format<T> {
  /** The end of a sentence that begins with "expected"; also the name under which convict knows the format. */
  readonly expected: string;
  /** The value that a text stands for; the text itself when it stands for none, which `validate` then refuses. */
  readonly coerce: (text: string) => unknown;
  readonly validate: (value: unknown) => value is T;
}

/** The value, or `undefined` when `raw` is no such thing. */
export function decode<T>(format: Format<T>, raw: unknown): T | undefined {
  const value = typeof raw === 'string' ? format.coerce(raw) : raw;
  return format.validate(value) ? value : undefined;
}

interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** Such as `ms`; left out for plain counts. */
  readonly unit?: string;
}

// No sign but minus, no exponent, no leading zeros: "80x", "1e3", "0x50" and "080" are not numbers here.
const WHOLE_NUMBER = /^-?(?:0|[1-9]\d{0,15})$/;

function wholeNumber({ min, max, unit }: NumberRange): Format<number> {
  return {
    expected: `a whole number${unit === undefined ? '' : ` of ${unit}`} from ${min} to ${max}`,
    coerce: (text) => (WHOLE_NUMBER.test(text.trim()) ? Number(text.trim()) : text),
    validate: (value): value is number =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max,
  };
}

/** Above this a timer of Node.js fires at once instead of late. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const MAX_BYTES = 2 ** 31 - 1;
const MAX_COUNT = 2 ** 32 - 1;

export const port = wholeNumber({ min: 1, max: 65_535 });

/** 0 stands for none. */
export const optionalPort = wholeNumber({ min: 0, max: 65_535 });

export function count(min: number, max = MAX_COUNT): Format<number> {
  return wholeNumber({ min, max });
}

export function milliseconds(min: number, max = MAX_TIMER_MS): Format<number> {
  return wholeNumber({ min, max, unit: 'milliseconds' });
}

export function seconds(min: number): Format<number> {
  return wholeNumber({ min, max: Math.floor(MAX_TIMER_MS / 1000), unit: 'seconds' });
}

export function bytes(min: number): Format<number> {
  return wholeNumber({ min, max: MAX_BYTES, unit: 'bytes' });
}

export function kilobytes(min: number): Format<number> {
  return wholeNumber({ min, max: Math.floor(MAX_BYTES / 1024), unit: 'KB (1024 bytes)' });
}

export function megabytes(min: number): Format<number> {
  return wholeNumber({ min, max: Math.floor(MAX_BYTES / 1024 ** 2), unit: 'MB (1024 KB)' });
}

const TRUE = new Set(['true', '1', 'yes', 'on']);
const FALSE = new Set(['false', '0', 'no', 'off']);

export const boolean: Format<boolean> = {
  expected: 'true or false (as text also 1, yes, on, 0, no, off)',
  coerce: (text) => {
    const word = text.trim().toLowerCase();
    return TRUE.has(word) || (FALSE.has(word) ? false : text);
  },
  validate: (value) => typeof value === 'boolean',
};

export function oneOf<const T extends string>(...words: readonly [T, ...T[]]): Format<T> {
  return {
    expected: words.length === 1 ? words[0] : `one of ${words.join(', ')}`,
    coerce: (text) => text.trim().toLowerCase(),
    validate: (value): value is T => words.some((word) => word === value),
  };
}

/** A format whose values may also be null, written `none` where there is only text. */
export function orNone<T>(format: Format<T>): Format<T | null> {
  return {
    expected: `${format.expected}, or none`,
    coerce: (text) => (/^\s*(?:none|null)\s*$/i.test(text) ? null : format.coerce(text)),
    validate: (value): value is T | null => value === null || format.validate(value),
  };
}

/** A list; in text its items are parted by commas, and a text without items is the empty list. */
export function listOf(item: Format<string>): Format<readonly string[]> {
  return {
    expected: `a list (in text parted by commas), each item ${item.expected}`,
    coerce: (raw) => (raw.trim() === '' ? [] : raw.split(',').map((part) => item.coerce(part))),
    validate: (value): value is readonly string[] => Array.isArray(value) && value.every((part) => item.validate(part)),
  };
}

export type RawRecord = Readonly<Record<string, unknown>>;

/** A list of objects whose fields are checked one by one elsewhere; text has to be a JSON array. */
export function recordList(of: string): Format<readonly RawRecord[]> {
  return {
    expected: `a list of ${of}, each with named fields (in the environment one JSON array)`,
    coerce: (raw) => {
      try {
        return JSON.parse(raw) as unknown;
      } catch {
        return raw;
      }
    },
    validate: (value): value is readonly RawRecord[] => Array.isArray(value) && value.every(isRecord),
  };
}
