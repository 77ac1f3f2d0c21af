import { isJsonObject, parseJson } from './json.ts';
import { MAX_USER_ID_LENGTH } from './limits.ts';

/** A member of a presence channel. `info` is JSON text, kept as text since it is only ever passed on. */
export interface Member {
  readonly userId: string;
  readonly info: string;
}

export type MemberResult = { readonly member: Member } | { readonly problem: string };

/** Reads `channel_data` of a presence subscription. */
export function parseChannelData(text: string, maxInfoBytes: number): MemberResult {
  const parsed = parseJson(text);
  if (!parsed.ok) return { problem: parsed.problem };
  if (!isJsonObject(parsed.value)) return { problem: 'expected a JSON object' };
  return toMember(parsed.value['user_id'], parsed.value['user_info'], maxInfoBytes);
}

export interface UserData {
  readonly id: string;
  /** JSON text of `user_info`, `null` where absent. */
  readonly info: string;
}

export type UserDataResult =
  | {
      readonly user: UserData;
      /** Ids of users whose coming and going the client wants to hear of; each once. */
      readonly watchlist: readonly string[];
    }
  | { readonly problem: string };

/** Reads `user_data` of a sign-in. Here the id must be a string: Pusher's libraries refuse others. */
export function parseUserData(text: string): UserDataResult {
  const parsed = parseJson(text);
  if (!parsed.ok) return { problem: parsed.problem };
  if (!isJsonObject(parsed.value)) return { problem: 'expected a JSON object' };
  const { id, user_info: info, watchlist } = parsed.value;
  if (typeof id !== 'string' || id === '') return { problem: 'id has to be a non-empty string' };
  if (id.length > MAX_USER_ID_LENGTH) return { problem: `id has more than ${MAX_USER_ID_LENGTH} characters` };
  const watched = toWatchlist(watchlist);
  if (watched === undefined) return { problem: 'watchlist has to be a list of user ids' };
  return { user: { id, info: infoText(info) }, watchlist: watched };
}

function toWatchlist(watchlist: unknown): readonly string[] | undefined {
  if (watchlist === undefined || watchlist === null) return [];
  if (!Array.isArray(watchlist)) return undefined;
  const ids = new Set<string>();
  for (const entry of watchlist as readonly unknown[]) {
    const id = toUserId(entry);
    if ('problem' in id) return undefined;
    ids.add(id.userId);
  }
  return [...ids];
}

/** Numbers become strings, as Pusher has it. */
function toUserId(id: unknown): { readonly userId: string } | { readonly problem: string } {
  // Beyond this JSON has already rounded the number, and two users could become one.
  if (typeof id === 'number' && Math.abs(id) > Number.MAX_SAFE_INTEGER) {
    return { problem: 'user_id is a number too large to be exact; send it as a string' };
  }
  const userId = typeof id === 'number' ? String(id) : id;
  if (typeof userId !== 'string' || userId === '') {
    return { problem: 'user_id has to be a non-empty string or a number' };
  }
  return userId.length > MAX_USER_ID_LENGTH
    ? { problem: `user_id has more than ${MAX_USER_ID_LENGTH} characters` }
    : { userId };
}

function toMember(id: unknown, info: unknown, maxInfoBytes: number): MemberResult {
  const read = toUserId(id);
  if ('problem' in read) return read;
  const text = infoText(info);
  if (Buffer.byteLength(text) > maxInfoBytes) return { problem: `user_info has more than ${maxInfoBytes} bytes` };
  return { member: { userId: read.userId, info: text } };
}

function infoText(info: unknown): string {
  return info === undefined ? 'null' : JSON.stringify(info);
}
