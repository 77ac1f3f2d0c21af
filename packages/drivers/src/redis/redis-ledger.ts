import { randomUUID } from 'node:crypto';
import {
  ConnectionError,
  type InheritedEntry,
  type Ledger,
  type LedgerEntry,
  type LedgerEvents,
  type OnError,
} from '@sluice/core';
import { Answers } from './answers.ts';
import { createClient, describeConnection, type RedisConnection } from './connection.ts';
import { type Batch, type Note, Notes } from './ledger-notes.ts';
import { LEAVE, OWN, TAKE_OVER, WRITE } from './ledger-scripts.ts';
import { WatchedClient } from './watched-client.ts';

export interface RedisLedgerOptions {
  readonly connection: RedisConnection;
  /** In front of every key. Nodes with the same one inherit from each other. */
  readonly prefix: string;
  /** A server that does not answer for so long counts as gone. */
  readonly timeoutMs: number;
  readonly beatMs: number;
  /** Silence after which a node counts as dead. */
  readonly deadMs: number;
  /** Told of all but the loss of the connection. */
  readonly onError: OnError;
}

/** Entries that are read at once from a ledger that was taken over. */
const READ_ENTRIES = 200;
/** A node that comes back later than this after it was taken for dead sees to everything a second time. */
const TAKEN_MS = 24 * 60 * 60 * 1000;
/** The longest that an end waits for Redis. */
const CLOSE_MS = 1000;

/** Ids of a ledger that was taken over and has not been read to its end. */
interface Unread {
  readonly ledger: string;
  /** Null: not known yet. */
  ids: string[] | null;
}

interface InheritedNote extends InheritedEntry {
  readonly entry: Note;
}

/** A ledger in Redis: a hash for each node, that another node renames to its own when the owner has died. */
export class RedisLedger implements Ledger {
  readonly #options: RedisLedgerOptions;
  readonly #client: WatchedClient;
  readonly #answers = new Answers();
  readonly #notes: Notes;
  #node = randomUUID();
  #events: LedgerEvents | null = null;
  #beat: NodeJS.Timeout | null = null;
  #write: NodeJS.Immediate | null = null;
  #writing: Promise<void> | null = null;
  /** Whether it takes anything over yet. */
  #inherits = false;
  #isLooking = false;
  /** Redis refused a write; the next beat tries again. */
  #isRefused = false;
  #isReached = false;
  /** Others that had no Redis either seem dead until they have said that they are not. */
  #looksAt = 0;
  #unread: Unread[] = [];
  /** Ledgers that it knows it took over. */
  #inherited: ReadonlySet<string> = new Set();

  constructor(options: RedisLedgerOptions) {
    this.#options = options;
    this.#notes = new Notes(this.#own, () => this.#schedule());
    this.#client = new WatchedClient(createClient(options.connection, options.timeoutMs), options.timeoutMs, {
      ready: () => this.#ready(),
      gone: (reason) => {
        this.#answers.fail(reason);
        this.#gone(reason);
      },
    });
  }

  get unsaved(): number {
    return this.#notes.unsaved;
  }

  async open(events: LedgerEvents): Promise<void> {
    try {
      await this.#client.connect();
    } catch (error) {
      this.#client.end();
      const reason = error instanceof Error ? error.message : String(error);
      throw new ConnectionError(`no connection to Redis at ${describeConnection(this.#options.connection)}: ${reason}`);
    }
    this.#events = events;
    this.#isReached = true;
    this.#beat = setInterval(() => void this.#onBeat(), this.#options.beatMs);
    this.#beat.unref();
    void this.#onBeat();
  }

  inherit(): void {
    this.#inherits = true;
    void this.#onBeat();
  }

  note(text: () => string): LedgerEntry {
    return this.#notes.add(text);
  }

  async close(): Promise<number> {
    if (this.#beat !== null) clearInterval(this.#beat);
    if (this.#write !== null) clearImmediate(this.#write);
    this.#events = null;
    const end = Promise.withResolvers<void>();
    const timer = setTimeout(end.resolve, CLOSE_MS);
    await Promise.race([this.#leave(), end.promise]);
    clearTimeout(timer);
    this.#client.end();
    return this.unsaved;
  }

  get #own(): string {
    return `${this.#node}:${OWN}`;
  }

  get #alive(): string {
    return `${this.#options.prefix}alive:${this.#node}`;
  }

  #ready(): void {
    // The first time is over when `open` is.
    if (this.#events === null) return;
    this.#looksAt = performance.now() + this.#options.deadMs;
    this.#notes.tellAgain();
    void this.#writeAll();
  }

  #gone(reason: string): void {
    if (!this.#isReached) return;
    this.#isReached = false;
    this.#events?.unreachable(reason);
  }

  /** Once for all that changes in this turn. */
  #schedule(): void {
    if (this.#write !== null || this.#isRefused || !this.#client.isReady) return;
    this.#write = setImmediate(() => {
      this.#write = null;
      void this.#writeAll();
    });
  }

  async #onBeat(): Promise<void> {
    this.#isRefused = false;
    await this.#writeAll();
    if (this.#inherits && performance.now() >= this.#looksAt) await this.#look();
  }

  /** Also when there is nothing to write: each write says that this node lives. */
  #writeAll(): Promise<void> {
    this.#writing ??= this.#writeBatches().finally(() => (this.#writing = null));
    return this.#writing;
  }

  async #writeBatches(): Promise<void> {
    do {
      if (!this.#client.isReady) return;
      const batch = this.#notes.nextBatch();
      try {
        if (!(await this.#writeBatch(batch))) this.#takenForDead();
        this.#reached();
      } catch (error) {
        this.#notes.tellAgain(batch);
        this.#isRefused = true;
        this.#gone(error instanceof Error ? error.message : String(error));
        return;
      }
    } while (this.#notes.hasChanges);
  }

  /** False: this node was taken for dead, and nothing was written. */
  async #writeBatch(batch: Batch): Promise<boolean> {
    const { prefix, deadMs } = this.#options;
    const isTaken = (await this.#eval(WRITE, prefix, deadMs, ...batch.args)) === 0;
    if (!isTaken) this.#notes.written(batch);
    return !isTaken;
  }

  #reached(): void {
    this.#isRefused = false;
    if (this.#isReached || this.#events === null) return;
    this.#isReached = true;
    this.#events.reached();
  }

  #takenForDead(): void {
    this.#node = randomUUID();
    this.#unread = [];
    const lost = this.#notes.startAnew(this.#own);
    if (lost.size > 0) this.#events?.lost(lost);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      while (this.#client.isReady && this.#events !== null) {
        await this.#readAll();
        if (!(await this.#takeOver())) break;
      }
    } catch (error) {
      // That the connection broke is told elsewhere. The next beat goes on where this ended.
      if (this.#client.isReady) this.#options.onError(error, { stage: 'inherit' });
    }
    this.#isLooking = false;
  }

  /** Whether there was a dead node with something. */
  async #takeOver(): Promise<boolean> {
    const node = this.#node;
    const names = (await this.#eval(TAKE_OVER, this.#options.prefix, node, TAKEN_MS)) as string[];
    // Taken for dead while it was asked: these are another's already.
    if (node !== this.#node) return false;
    const fresh = names.filter((name) => !this.#inherited.has(name));
    this.#inherited = new Set(names);
    this.#unread.push(...fresh.map((ledger) => ({ ledger, ids: null })));
    return fresh.length > 0;
  }

  async #readAll(): Promise<void> {
    const { redis } = this.#client;
    for (let next = this.#unread[0]; next !== undefined; next = this.#unread[0]) {
      const key = `${this.#options.prefix}ledger:${next.ledger}`;
      next.ids ??= (await this.#answers.await(redis.hkeys(key))).sort((a, b) => Number(a) - Number(b));
      const ids = next.ids.slice(0, READ_ENTRIES);
      const texts = ids.length === 0 ? [] : await this.#answers.await(redis.hmget(key, ...ids));
      // Closed, or taken for dead, while it was asked.
      if (this.#events === null || this.#unread[0] !== next) return;
      const entries = this.#entriesOf(next, ids, texts);
      const left = entries.slice(this.#handOut(this.#events, entries));
      for (const { entry } of left) this.#notes.putBack(entry);
      next.ids.splice(0, left[0] === undefined ? ids.length : ids.indexOf(left[0].entry.id));
      // The next beat goes on.
      if (left.length > 0) return;
      if (next.ids.length === 0) this.#unread.shift();
    }
  }

  /** How many were taken. After a fault all count as such: handed out again, those before it would come twice. They stay noted. */
  #handOut(events: LedgerEvents, entries: readonly InheritedEntry[]): number {
    try {
      return events.inherited(entries);
    } catch (error) {
      this.#options.onError(error, { stage: 'inherit' });
      return entries.length;
    }
  }

  #entriesOf({ ledger }: Unread, ids: readonly string[], texts: readonly (string | null)[]): InheritedNote[] {
    return ids.flatMap((id, i) => {
      const text = texts[i] ?? null;
      return text === null ? [] : [{ entry: this.#notes.inherit(ledger, { id, text }), text }];
    });
  }

  #eval(script: string, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.#answers.await(this.#client.redis.eval(script, 1, this.#alive, ...args));
  }

  async #leave(): Promise<void> {
    if (!this.#client.isReady) return;
    try {
      await this.#writeAll();
      // Again: what came in while the last batch was on the way.
      await this.#writeAll();
      await this.#eval(LEAVE);
    } catch {
      // Others notice by themselves that this node is no more.
    }
  }
}
