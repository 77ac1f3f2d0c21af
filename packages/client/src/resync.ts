import type { Base } from './bases.ts';

/** The server is asked again when deltas still fail after this long. Those under way when it was asked fail as well. */
const ASK_AGAIN_MS = 2000;
/** For so long after a request, the server may repeat what has come already. */
const REPEATS_MS = 10_000;
/** So many requests without one delta decoded in between, and the channel goes without deltas. */
const MAX_REQUESTS = 5;
/** Keys, and failed deltas of each, that are remembered until the server answers. */
const MAX_LOST = 100;

interface Numbered {
  readonly key: string;
  readonly seq: number;
}

/** How one channel stands after a delta that could not be decoded. */
export class Resync {
  #askedAt: number | undefined;
  #requests = 0;
  #repeatsUntil = 0;
  /** The numbers of what was lost, by key. */
  readonly #lost = new Map<string, Set<number>>();

  /** What to do about a delta that failed. */
  failed(frame: Numbered | undefined): 'ask' | 'wait' | 'give up' {
    if (frame !== undefined) this.#lose(frame);
    const now = performance.now();
    if (this.#askedAt !== undefined && now - this.#askedAt < ASK_AGAIN_MS) return 'wait';
    if (++this.#requests > MAX_REQUESTS) return 'give up';
    this.#askedAt = now;
    this.#repeatsUntil = now + REPEATS_MS;
    return 'ask';
  }

  decoded(): void {
    this.#requests = 0;
  }

  /**
   * A whole message of a key came, or of all; what was lost before it is out of date. The server may have begun anew: the
   * next delta that fails is told again, even if it was only under way, for it might be one sent after that.
   */
  renewed(key?: string): void {
    if (key === undefined) this.#lost.clear();
    else this.#lost.delete(key);
    this.#askedAt = undefined;
  }

  /**
   * Whether a whole message is one that has come before, given what is known under its number. Only for a while after a
   * request: there are servers that count from 0 again, and for them a known number means little.
   */
  isRepetition(base: Base, known: Base | undefined): boolean {
    return known !== undefined && performance.now() < this.#repeatsUntil && areEqual(known.bytes, base.bytes);
  }

  /** Whether this message is one that was lost, and is not any more. */
  recovers(key: string, seq: number): boolean {
    return this.#lost.get(key)?.delete(seq) ?? false;
  }

  #lose({ key, seq }: Numbered): void {
    const seqs = this.#lost.get(key) ?? new Set();
    if (this.#lost.size < MAX_LOST && seqs.size < MAX_LOST) this.#lost.set(key, seqs.add(seq));
  }
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
