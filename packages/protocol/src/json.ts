import { MAX_JSON_DEPTH } from './limits.ts';

export type JsonResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string };

const MALFORMED: JsonResult = { ok: false, problem: 'not valid JSON' };
const TOO_DEEP: JsonResult = { ok: false, problem: `nested deeper than ${MAX_JSON_DEPTH} levels` };

/**
 * JSON.parse that never throws and refuses deep nesting: what is parsed here may be serialised again, and
 * JSON.stringify recurses. Keys such as `__proto__` come out as ordinary own members.
 */
export function parseJson(text: string): JsonResult {
  if (opensMoreThan(text, MAX_JSON_DEPTH) && isDeeperThan(text, MAX_JSON_DEPTH)) return TOO_DEEP;
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return MALFORMED;
  }
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** HOT: on every publish. Most texts open a few brackets only, wherever they stand, and need no closer look. */
function opensMoreThan(text: string, limit: number): boolean {
  let opened = 0;
  for (const bracket of ['{', '[']) {
    for (let i = text.indexOf(bracket); i !== -1; i = text.indexOf(bracket, i + 1)) {
      if (++opened > limit) return true;
    }
  }
  return false;
}

function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 0x5c /* \ */) i++;
      else if (c === 0x22 /* " */) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x7b /* { */ || c === 0x5b /* [ */) {
      if (++depth > limit) return true;
    } else if (c === 0x7d /* } */ || c === 0x5d /* ] */) depth--;
  }
  return false;
}
