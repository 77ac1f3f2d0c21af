import type { NodeId } from '../registry/owner.ts';
import { inSlices } from './in-slices.ts';
import type { SnapshotNotice } from './snapshot-notices.ts';

export interface SnapshotRoundsOptions {
  /** Makes a snapshot step by step. */
  readonly snapshot: () => Iterator<void, readonly Buffer[]>;
  readonly tellInParts: (node: NodeId, parts: Iterable<SnapshotNotice>) => void;
}

interface Round {
  readonly id: number;
  /** Those that have not been sent all of it. */
  readonly nodes: Set<NodeId>;
  isMade: boolean;
}

/**
 * Sends what this node holds to nodes that ask for it. All that have asked when a snapshot is begun get that one, and it is
 * gone before another is begun: so one is made and kept at a time, however many ask. Who asks later needs a newer one, since
 * it may not have heard what was told meanwhile.
 */
export class SnapshotRounds {
  readonly #options: SnapshotRoundsOptions;
  readonly #asked = new Set<NodeId>();
  #round: Round | null = null;
  #rounds = 0;

  constructor(options: SnapshotRoundsOptions) {
    this.#options = options;
  }

  ask(node: NodeId): void {
    if (this.#round?.nodes.has(node) === true) return;
    this.#asked.add(node);
    this.#begin();
  }

  forget(node: NodeId): void {
    this.#asked.delete(node);
    this.#round?.nodes.delete(node);
    this.#endIfOver();
  }

  /** The connection is lost, and with it what was under way. Whoever lacks it asks again. */
  clear(): void {
    this.#asked.clear();
    this.#round?.nodes.clear();
    this.#endIfOver();
  }

  #begin(): void {
    if (this.#round !== null || this.#asked.size === 0) return;
    const round: Round = { id: ++this.#rounds, nodes: new Set(), isMade: false };
    this.#round = round;
    // With all that ask in this turn.
    setImmediate(() => this.#make(round));
  }

  #make(round: Round): void {
    for (const node of this.#asked) round.nodes.add(node);
    this.#asked.clear();
    inSlices(this.#options.snapshot(), (pieces) => {
      round.isMade = true;
      for (const node of round.nodes) this.#options.tellInParts(node, this.#notices(round, node, pieces));
      this.#endIfOver();
    });
  }

  *#notices({ id, nodes }: Round, node: NodeId, pieces: readonly Buffer[]): Iterable<SnapshotNotice> {
    for (const [place, piece] of pieces.entries()) {
      yield { type: 'snapshot', id, place, of: pieces.length, data: piece.toString('base64') };
    }
    nodes.delete(node);
    this.#endIfOver();
  }

  #endIfOver(): void {
    if (this.#round?.isMade !== true || this.#round.nodes.size > 0) return;
    this.#round = null;
    this.#begin();
  }
}
