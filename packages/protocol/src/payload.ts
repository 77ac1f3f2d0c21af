import { isJsonObject, type JsonObject, parseJson } from './json.ts';

const EMPTY: JsonObject = {};

/** `data` of a `pusher:` event: an object, or (some clients) the same as a string of JSON. */
export function payload(data: unknown): JsonObject {
  if (isJsonObject(data)) return data;
  if (typeof data !== 'string') return EMPTY;
  const parsed = parseJson(data);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : EMPTY;
}
