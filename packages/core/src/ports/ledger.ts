/**
 * What this node owes, noted outside its process, so that another node sees to it when this one has died. An entry is text that
 * only those who note it understand.
 *
 * MUST NOT block or throw in `note` and `strike`: while the place cannot be reached, notes wait, and those that are struck
 * meanwhile are never written. MUST take entries up in the order of the calls, and MUST give an entry to one node at a time:
 * a node that was taken for dead, and is not, is told what is its no more. MAY hand out an entry that its node had seen to and
 * could not strike any more. MUST reconnect by itself.
 * Deliberately not here: bounds. Whoever notes has some of its own for what it keeps.
 */
export interface Ledger {
  /** Rejects with a {@link ConnectionError}, where the first connection fails. */
  open(events: LedgerEvents): Promise<void>;
  /** Takes over, from now on, what nodes that are no more have left. */
  inherit(): void;
  /** `text` is asked for when the entry is written, which may be several times: the place may lose what it had. */
  note(text: () => string): LedgerEntry;
  /** Entries that are known to this process alone. */
  readonly unsaved: number;
  /** Leaves what is not struck to other nodes, at once. Resolves with how much of it is known to this process alone. */
  close(): Promise<number>;
}

export interface LedgerEntry {
  /** It has been seen to. */
  strike(): void;
}

export interface InheritedEntry {
  readonly entry: LedgerEntry;
  readonly text: string;
}

export interface LedgerEvents {
  /**
   * Entries of a node that is no more, in the order in which it noted them; they are this node's now. Returns how many of them,
   * from the first on, there was room for. The others are not noted by anybody else, and are to be given again later.
   */
  inherited(entries: readonly InheritedEntry[]): number;
  /** Another node has taken these over, because this one seemed dead. */
  lost(entries: ReadonlySet<LedgerEntry>): void;
  /** The place can be reached again; not called for the first time. */
  reached(): void;
  /** The place cannot be reached, or does not take what it is given. Called once for each time that it could. */
  unreachable(reason: string): void;
}
