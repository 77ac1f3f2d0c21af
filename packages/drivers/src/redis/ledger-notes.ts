import type { LedgerEntry } from '@sluice/core';

/** Entries of one write. Redis does nothing else while it takes them. */
const WRITE_ENTRIES = 500;
/** Of their texts; a single larger one goes alone. */
const WRITE_BYTES = 1024 * 1024;

/** `sent` is on the way, or was when the connection broke: Redis may have it or not. */
type State = 'new' | 'sent' | 'kept';

export class Note implements LedgerEntry {
  /** The ledger that it stands in. */
  ledger: string;
  readonly id: string;
  readonly text: () => string;
  readonly #notes: Notes;
  state: State = 'new';
  isStruck = false;

  constructor(notes: Notes, { ledger, id, text }: { ledger: string; id: string; text: () => string }) {
    this.#notes = notes;
    this.ledger = ledger;
    this.id = id;
    this.text = text;
  }

  strike(): void {
    this.#notes.strike(this);
  }
}

/** What one write takes along. */
export interface Batch {
  readonly notes: readonly Note[];
  /** Ledger, id and text of each; an empty text strikes it. */
  readonly args: readonly string[];
}

/** What a node owes by its own account, and what of it Redis does not know yet. Pure. */
export class Notes {
  readonly #onChange: () => void;
  /** Where new entries go. */
  #ledger: string;
  #lastId = 0;
  readonly #live = new Set<Note>();
  /** What Redis has to be told, in this order: what follows from an entry is noted before it is struck. */
  #changed = new Set<Note>();
  #kept = 0;

  constructor(ledger: string, onChange: () => void) {
    this.#ledger = ledger;
    this.#onChange = onChange;
  }

  get unsaved(): number {
    return this.#live.size - this.#kept;
  }

  get hasChanges(): boolean {
    return this.#changed.size > 0;
  }

  add(text: () => string): LedgerEntry {
    const note = new Note(this, { ledger: this.#ledger, id: String(++this.#lastId), text });
    this.#live.add(note);
    this.#changed.add(note);
    this.#onChange();
    return note;
  }

  /** One that Redis has already, in a ledger that was taken over. */
  inherit(ledger: string, { id, text }: { readonly id: string; readonly text: string }): Note {
    const note = new Note(this, { ledger, id, text: () => text });
    note.state = 'kept';
    this.#kept++;
    this.#live.add(note);
    return note;
  }

  /** Leaves one that was inherited as it is in Redis. */
  putBack(note: Note): void {
    if (!this.#live.delete(note)) return;
    this.#kept--;
    note.isStruck = true;
  }

  strike(note: Note): void {
    if (note.isStruck) return;
    note.isStruck = true;
    if (!this.#live.delete(note)) return;
    if (note.state === 'kept') this.#kept--;
    this.#changed.delete(note);
    if (note.state === 'new') return;
    this.#changed.add(note);
    this.#onChange();
  }

  nextBatch(): Batch {
    const notes: Note[] = [];
    const args: string[] = [];
    let bytes = 0;
    for (const note of this.#changed) {
      const text = note.isStruck ? '' : note.text();
      bytes += Buffer.byteLength(text);
      if (notes.length > 0 && (notes.length >= WRITE_ENTRIES || bytes > WRITE_BYTES)) break;
      this.#changed.delete(note);
      if (note.state === 'new') note.state = 'sent';
      notes.push(note);
      args.push(note.ledger, note.id, text);
    }
    return { notes, args };
  }

  written({ notes }: Batch): void {
    for (const note of notes) {
      if (note.isStruck || note.state === 'kept') continue;
      note.state = 'kept';
      this.#kept++;
    }
  }

  /** A write failed, or Redis was away and may have lost anything: it is told of all again. */
  tellAgain({ notes }: Pick<Batch, 'notes'> = { notes: [] }): void {
    const struck = [...notes, ...this.#changed].filter(({ isStruck }) => isStruck);
    this.#changed = new Set([...this.#live, ...struck]);
  }

  /** Another node has what Redis had; what it may not have had goes to a ledger of another name. */
  startAnew(ledger: string): ReadonlySet<LedgerEntry> {
    this.#ledger = ledger;
    const lost = new Set<LedgerEntry>();
    for (const note of this.#live) {
      if (note.state === 'kept') {
        this.#live.delete(note);
        note.isStruck = true;
        lost.add(note);
      } else {
        note.ledger = ledger;
        note.state = 'new';
      }
    }
    this.#kept = 0;
    this.#changed = new Set(this.#live);
    return lost;
  }
}
