import type { Tail } from './outgoing.ts';

/** What gateways tell each other; all of it may be lost. */
export type Notice =
  /** To all: a new node asks who is there. */
  | { readonly type: 'who' }
  /**
   * To all, or to one that asked: it lives, and has numbered so many messages. `turn` is one more with each beat, and with each connection that broke:
   * where one is missing, messages may be too.
   */
  | { readonly type: 'beat'; readonly turn: number; readonly last: number }
  /** To all: it goes. */
  | { readonly type: 'leave' }
  /** To one: which topics had a message after this number? */
  | { readonly type: 'tails'; readonly question: number; readonly since: number }
  /** One of the parts of the answer, with the newest number of each topic. `turn` is that of the last beat. */
  | {
      readonly type: 'newest';
      readonly question: number;
      readonly turn: number;
      readonly part: number;
      readonly parts: number;
      readonly topics: readonly Tail[];
    }
  /** To one: these messages are missing here. */
  | { readonly type: 'repeat'; readonly topic: string; readonly after: number; readonly upTo: number }
  /** The answer, where some are not kept any more; the others follow. */
  | { readonly type: 'not_to_be_had'; readonly topic: string; readonly upTo: number };

type Check = (value: unknown) => boolean;

const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isText: Check = (value) => typeof value === 'string';
const areTails: Check = (value) =>
  Array.isArray(value) && value.every((each) => Array.isArray(each) && isText(each[0]) && isCount(each[1]));

const MEMBERS: { readonly [Type in Notice['type']]: Readonly<Record<string, Check>> } = {
  who: {},
  beat: { turn: isCount, last: isCount },
  leave: {},
  tails: { question: isCount, since: isCount },
  newest: { question: isCount, turn: isCount, part: isCount, parts: isCount, topics: areTails },
  repeat: { topic: isText, after: isCount, upTo: isCount },
  not_to_be_had: { topic: isText, upTo: isCount },
};

export function isNotice(value: unknown): value is Notice {
  if (typeof value !== 'object' || value === null || !('type' in value)) return false;
  const { type } = value;
  if (typeof type !== 'string' || !Object.hasOwn(MEMBERS, type)) return false;
  const members = Object.entries(MEMBERS[type as Notice['type']]);
  return members.every(([name, check]) => check((value as Readonly<Record<string, unknown>>)[name]));
}
