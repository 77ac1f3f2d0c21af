import assert from 'node:assert/strict';

/** One text frame, parsed. */
export type Frame = Readonly<Record<string, unknown>>;

/** What is no frame becomes one that no row expects, so that the row fails and not the process. */
export function readFrame(text: string): Frame {
  try {
    return objectOf(JSON.parse(text), `the frame ${text}`);
  } catch {
    return { event: 'a frame that is no JSON object', text };
  }
}

/** Members of an object; fails for anything else. */
export function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  assert.ok(isObject(value), `${what} has to be an object, but is ${JSON.stringify(value)}`);
  return value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `data` of a frame, which has to be a string of JSON with an object in it. */
export function dataOf(frame: Frame): Readonly<Record<string, unknown>> {
  const { data } = frame;
  assert.equal(typeof data, 'string', `data has to be a string in ${JSON.stringify(frame)}`);
  return objectOf(JSON.parse(String(data)), 'data');
}

export interface PresenceList {
  readonly count: number;
  readonly ids: readonly string[];
  readonly hash: ReadonlyMap<string, unknown>;
}

/** The member list in a `subscription_succeeded`; fails where its parts do not agree. Rows look for the entries they want. */
export function presenceOf(frame: Frame): PresenceList {
  const { count, ids, hash } = objectOf(dataOf(frame)['presence'], 'presence');
  assert.ok(
    Array.isArray(ids) && ids.every((id) => typeof id === 'string'),
    `ids have to be strings: ${JSON.stringify(ids)}`,
  );
  const members = new Map(Object.entries(objectOf(hash, 'hash')));
  assert.equal(count, ids.length, 'count has to be the number of ids');
  const strangers = [...members.keys()].filter((id) => !ids.includes(id));
  assert.deepEqual(strangers, [], 'hash has entries of nobody');
  return { count: ids.length, ids, hash: members };
}
