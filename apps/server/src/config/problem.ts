/** One thing that is wrong with the configuration. Never holds a secret. */
export interface ConfigProblem {
  /** The key, such as `websocket.max_messages` or `app_manager.array.apps[1].max_connections`. Empty: the source as a whole. */
  readonly path: string;
  /** Name of the file, environment variable or flag that says so. */
  readonly source: string;
  readonly found: string;
  readonly expected: string;
}

/** What comes to light while a configuration is read: problems forbid the start, notices are only said. */
export interface Report {
  readonly problems: ConfigProblem[];
  readonly notices: string[];
}

const MAX_SHOWN = 60;
// Beside the control characters that JSON escapes: C1, line separators and marks that reorder text on a terminal.
const UNPRINTABLE = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text from outside, safe to print on a terminal. */
export function quote(text: string): string {
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return JSON.stringify(shown).replace(UNPRINTABLE, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

export function describeFound(raw: unknown): string {
  if (typeof raw === 'string') return raw === '' ? 'an empty text' : quote(raw);
  if (typeof raw === 'number' || typeof raw === 'boolean') return `the ${typeof raw} ${String(raw)}`;
  return describeKind(raw);
}

/** For values that are or contain a secret. */
export function describeKind(raw: unknown): string {
  if (raw === null || raw === undefined) return 'nothing';
  if (typeof raw === 'string') return raw === '' ? 'an empty text' : 'a text that is not shown';
  if (Array.isArray(raw)) return 'a list';
  if (raw instanceof Date) return 'a date';
  return typeof raw === 'object' ? 'a section' : `a ${typeof raw}`;
}

/** A key as it is written in a path; names that could not be ours are quoted. */
export function keyName(key: string): string {
  return /^[\w-]{1,60}$/.test(key) ? key : quote(key);
}

export function childPath(parent: string, key: string): string {
  return parent === '' ? keyName(key) : `${parent}.${keyName(key)}`;
}

/** JSON5 and YAML give plain objects, TOML objects without a prototype. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
