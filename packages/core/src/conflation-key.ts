import { isJsonObject, parseJson } from '@sluice/protocol';

/** Longest key; what is longer is none. */
export const MAX_CONFLATION_KEY = 256;

const IN_DATA = 'data.';

/**
 * The conflation key in the data of an event: the string, number or boolean at the path, names of members with dots between them.
 * Empty where there is none. A path may begin with `data.`, as Sockudo's do.
 */
export function conflationKeyOf(data: string, path: string): string {
  const parsed = parseJson(data);
  if (!parsed.ok) return '';
  const found = valueAt(parsed.value, path);
  if (found !== undefined) return keyOf(found);
  return path.startsWith(IN_DATA) ? keyOf(valueAt(parsed.value, path.slice(IN_DATA.length))) : '';
}

/** The keys in the data of one event, which is parsed once for all channels that look in the same place. */
export class KeysOfData {
  readonly #data: string;
  #path: string | null = null;
  #key = '';

  constructor(data: string) {
    this.#data = data;
  }

  at(path: string): string {
    if (path !== this.#path) {
      this.#path = path;
      this.#key = conflationKeyOf(this.#data, path);
    }
    return this.#key;
  }
}

function valueAt(root: unknown, path: string): unknown {
  let value = root;
  for (const name of path.split('.')) {
    if (!isJsonObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

function keyOf(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return '';
  const key = String(value);
  return key.length <= MAX_CONFLATION_KEY ? key : '';
}
