import type { Transition } from '@sluice/core';
import { assertNever, parseChannelName } from '@sluice/protocol';
import type { Change } from './change.ts';

/**
 * A message between registries is JSON: `[format, kind, version, …, [change, …]]`, a change a list that begins with a
 * letter. Text, because almost all of it is names, and user ids that are no valid Unicode have to arrive as they are.
 */
const FORMAT = 1;

/** No honest message is larger: a piece holds {@link PIECE_BYTES}, or one event that is larger than that. */
const MAX_MESSAGE_BYTES = 64 * 1024 ** 2;

/** A message that is that large is sent, and another one begun. */
const PIECE_BYTES = 256 * 1024;

/** What the parts around the changes may take: numbers and brackets. */
const FRAME_BYTES = 80;

/** Changes number `version` of a node, in the order in which they happened there. */
export interface Changes {
  readonly kind: 'changes';
  readonly version: number;
  readonly changes: readonly Change[];
}

/** One of the pieces of all that a node holds after its changes number `version`. */
export interface Piece {
  readonly kind: 'snapshot';
  readonly version: number;
  readonly index: number;
  readonly pieces: number;
  readonly changes: readonly Change[];
}

/** Cuts a list of changes into texts of at most {@link PIECE_BYTES} each, as far as a single change is not larger. */
export class ChangeTexts {
  readonly #full: (texts: readonly string[]) => void;
  #texts: string[] = [];
  #bytes = FRAME_BYTES;

  constructor(full: (texts: readonly string[]) => void) {
    this.#full = full;
  }

  add(change: Change): void {
    const text = JSON.stringify(fieldsOf(change));
    const bytes = Buffer.byteLength(text) + 1;
    if (this.#bytes + bytes > PIECE_BYTES) this.take();
    this.#texts.push(text);
    this.#bytes += bytes;
  }

  /** Hands out what there is, if anything. */
  take(): void {
    if (this.#texts.length === 0) return;
    const texts = this.#texts;
    this.#texts = [];
    this.#bytes = FRAME_BYTES;
    this.#full(texts);
  }
}

export function encodeChanges(version: number, texts: readonly string[]): Buffer {
  return Buffer.from(`[${FORMAT},"changes",${version},[${texts.join(',')}]]`);
}

export function encodePiece(piece: Omit<Piece, 'kind' | 'changes'>, texts: readonly string[]): Buffer {
  const { version, index, pieces } = piece;
  return Buffer.from(`[${FORMAT},"snapshot",${version},${index},${pieces},[${texts.join(',')}]]`);
}

/** `undefined` for what is no message of this format. */
export function decode(bytes: Uint8Array): Changes | Piece | undefined {
  if (bytes.length > MAX_MESSAGE_BYTES) return undefined;
  const message = parsed(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
  if (!Array.isArray(message) || message[0] !== FORMAT || !isCount(message[2])) return undefined;
  const [, kind, version, ...rest] = message as [number, unknown, number, ...unknown[]];
  const changes = changesOf(rest.pop());
  if (changes === undefined) return undefined;
  if (kind === 'changes' && rest.length === 0) return { kind, version, changes };
  const [index, pieces] = rest;
  if (kind !== 'snapshot' || rest.length !== 2 || !isCount(index) || !isCount(pieces) || index >= pieces)
    return undefined;
  return { kind, version, index, pieces, changes };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function changesOf(list: unknown): readonly Change[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const changes: Change[] = [];
  for (const fields of list) {
    const change: Change | undefined = Array.isArray(fields) ? changeOf(fields) : undefined;
    if (change === undefined) return undefined;
    changes.push(change);
  }
  return changes;
}

function fieldsOf(change: Change): readonly unknown[] {
  switch (change.type) {
    case 'count':
      return ['c', change.appId, change.channel, change.subscriptions, change.announce ? 1 : 0];
    case 'joined':
      return ['+', change.appId, change.channel, change.member.userId, change.member.info];
    case 'left':
      return ['-', change.appId, change.channel, change.userId];
    case 'user_joined':
      return ['u', change.appId, change.userId];
    case 'user_left':
      return ['v', change.appId, change.userId];
    case 'slots':
      return ['s', change.name, change.held];
    case 'keep':
      return ['k', change.appId, change.channel, change.text, change.ttlMs, change.clock, change.node, change.tagsJson];
    case 'terminate':
      return ['x', change.appId, change.userId];
    case 'missed':
      return ['m', change.appId, change.channel];
    case 'shares':
      return ['r'];
    case 'leaves':
      return ['l'];
    case 'told':
      return ['t', ...transitionFields(change.transition)];
    case 'inherited':
      return ['i', ...transitionFields(change.transition)];
    case 'owed':
      return ['o', ...change.transitions.map((transition) => transitionFields(transition))];
    default:
      return assertNever(change);
  }
}

function transitionFields(transition: Transition): readonly string[] {
  const fields = [transition.type, transition.appId, transition.channel];
  return 'userId' in transition ? [...fields, transition.userId] : fields;
}

function changeOf([letter, ...fields]: readonly unknown[]): Change | undefined {
  const [a, b, c, d, e, f, g] = fields;
  switch (letter) {
    case 'c':
      if (!isString(a) || !isChannel(b) || !isCount(c)) return undefined;
      return { type: 'count', appId: a, channel: b, subscriptions: c, announce: d === 1 };
    case '+':
      if (!isString(a) || !isChannel(b) || !isString(c) || !isString(d)) return undefined;
      return { type: 'joined', appId: a, channel: b, member: { userId: c, info: d } };
    case '-':
      if (!isString(a) || !isChannel(b) || !isString(c)) return undefined;
      return { type: 'left', appId: a, channel: b, userId: c };
    case 'u':
    case 'v':
    case 'x':
      if (!isString(a) || !isString(b)) return undefined;
      return { type: USER_CHANGES[letter], appId: a, userId: b };
    case 's':
      if (!isString(a) || !isCount(b)) return undefined;
      return { type: 'slots', name: a, held: b };
    case 'k':
      if (!isString(a) || !isChannel(b) || !isString(c) || !isTime(d) || !isCount(e)) return undefined;
      if (!isString(f) || !isString(g)) return undefined;
      return { type: 'keep', appId: a, channel: b, text: c, tagsJson: g, ttlMs: d, clock: e, node: f };
    case 'm':
      if (!isString(a) || !isChannel(b)) return undefined;
      return { type: 'missed', appId: a, channel: b };
    case 'r':
      return { type: 'shares' };
    case 'l':
      return { type: 'leaves' };
    case 't':
    case 'i': {
      const transition = transitionOf(fields);
      return transition === undefined ? undefined : { type: letter === 't' ? 'told' : 'inherited', transition };
    }
    case 'o': {
      const transitions = fields.map((list) => (Array.isArray(list) ? transitionOf(list) : undefined));
      return transitions.every((each) => each !== undefined) ? { type: 'owed', transitions } : undefined;
    }
    default:
      return undefined;
  }
}

const USER_CHANGES = { u: 'user_joined', v: 'user_left', x: 'terminate' } as const;

function transitionOf([type, appId, channel, userId]: readonly unknown[]): Transition | undefined {
  if (!isString(appId) || !isChannel(channel)) return undefined;
  switch (type) {
    case 'channel_occupied':
    case 'channel_vacated':
      return { type, appId, channel };
    case 'member_added':
    case 'member_removed':
      return isString(userId) ? { type, appId, channel, userId } : undefined;
    default:
      return undefined;
  }
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isChannel(value: unknown): value is string {
  return isString(value) && parseChannelName(value, value.length) !== undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}
