import type { NodeId } from './frames.ts';

/** One origin: how far its numbers had come, and when. */
interface Account {
  /** Newest last. */
  readonly marks: { readonly at: number; readonly number: number }[];
  last: number;
  /** The doubt since which everything of it has come; 0 for none. */
  doubt: number;
  beatAt: number;
}

/** Marks of one origin: one a second for two minutes. */
const MAX_MARKS = 120;
const MARK_EVERY_MS = 1000;

/** A topic that was joined while nothing could be heard is older than every doubt. */
export const IN_DOUBT = -1;

/**
 * How far the numbers of other nodes had come, at any time of the last two minutes, and since when nothing was missed. Doubts are
 * counted: whoever notes how many there were can tell later whether one has come since.
 */
export class Heard {
  readonly #beatMs: number;
  readonly #now: () => number;
  readonly #accounts = new Map<NodeId, Account>();
  #doubts = 0;
  /** The last doubt that was about everybody. */
  #doubtOfAll = 0;

  constructor(beatMs: number, now: () => number) {
    this.#beatMs = beatMs;
    this.#now = now;
  }

  get doubts(): number {
    return this.#doubts;
  }

  get origins(): Iterable<NodeId> {
    return this.#accounts.keys();
  }

  /** HOT: once per message that comes from another node. */
  note(origin: NodeId, number: number): void {
    const account = this.#accounts.get(origin) ?? this.#open(origin);
    if (number > account.last) account.last = number;
    const at = this.#now();
    const newest = account.marks.at(-1);
    if (newest !== undefined && at - newest.at < MARK_EVERY_MS) return;
    account.marks.push({ at, number: account.last });
    if (account.marks.length > MAX_MARKS) account.marks.shift();
  }

  noteBeat(origin: NodeId, number: number): void {
    this.note(origin, number);
    const account = this.#accounts.get(origin);
    if (account !== undefined) account.beatAt = this.#now();
  }

  /** How far the origin was known to be before that time; of a time that is too long ago, the oldest that is known. */
  numberAt(origin: NodeId, at: number): number {
    const marks = this.#accounts.get(origin)?.marks ?? [];
    const oldest = marks.length === MAX_MARKS ? marks[0] : undefined;
    return (marks.findLast((each) => each.at < at) ?? oldest)?.number ?? 0;
  }

  /** How long nothing of the origin has come, give or take a second. */
  silentMs(origin: NodeId): number {
    return this.#now() - (this.#accounts.get(origin)?.marks.at(-1)?.at ?? Number.NEGATIVE_INFINITY);
  }

  doubtAll(): void {
    this.#doubtOfAll = ++this.#doubts;
  }

  doubt(origin: NodeId): void {
    const account = this.#accounts.get(origin) ?? this.#open(origin);
    account.doubt = ++this.#doubts;
  }

  /**
   * Whether everything of the origin has come since there had been so many doubts. Not while its beat is due: if it was lost, the
   * next one will raise a doubt, but a message may come before it.
   */
  isWhole(origin: NodeId, doubts: number): boolean {
    if (doubts < this.#doubtOfAll) return false;
    const account = this.#accounts.get(origin);
    return account === undefined || (doubts >= account.doubt && this.#now() - account.beatAt < this.#beatMs);
  }

  forget(origin: NodeId): void {
    this.#accounts.delete(origin);
  }

  #open(origin: NodeId): Account {
    const account: Account = { marks: [], last: 0, doubt: 0, beatAt: Number.POSITIVE_INFINITY };
    this.#accounts.set(origin, account);
    return account;
  }
}
