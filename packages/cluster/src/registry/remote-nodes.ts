import type { Change } from './change.ts';
import { type Changes, decode, type Piece } from './change-codec.ts';
import type { NodeId } from './owner.ts';
import { isWhole } from './snapshot.ts';

/**
 * What came of a message of another node.
 *
 * known: it is contained in what was applied before. needs_snapshot: a message before it is missing (or the node is new),
 * and its snapshot has to be fetched; until that is there, messages are held back. unknown_node: nobody has said that the
 * node is alive. refused: the bytes are no message of this version.
 */
export type Applied = 'applied' | 'known' | 'needs_snapshot' | 'unknown_node' | 'refused';

export interface RemoteNodesOptions {
  readonly apply: (node: NodeId, change: Change) => void;
  /** The changes lead from nothing to all that the node holds. */
  readonly replace: (node: NodeId, changes: readonly Change[]) => void;
}

/** Of messages that came while a snapshot was under way, by node. Beyond it they go, and another snapshot is needed. */
const MAX_HELD_BACK_BYTES = 16 * 1024 ** 2;

interface RemoteNode {
  /** Number of the last message applied; null before the first snapshot. */
  version: number | null;
  heldBack: Changes[];
  heldBackBytes: number;
}

/** How far this node knows the living others, and what is missing. */
export class RemoteNodes {
  readonly #options: RemoteNodesOptions;
  readonly #nodes = new Map<NodeId, RemoteNode>();
  /** Messages that could not be read. */
  refused = 0;

  constructor(options: RemoteNodesOptions) {
    this.#options = options;
  }

  add(node: NodeId): void {
    if (!this.#nodes.has(node)) this.#nodes.set(node, { version: null, heldBack: [], heldBackBytes: 0 });
  }

  /** False if it was not there. */
  remove(node: NodeId): boolean {
    return this.#nodes.delete(node);
  }

  /** Number of the last message of the node that was applied; null: its snapshot is missing. */
  versionOf(node: NodeId): number | null {
    return this.#nodes.get(node)?.version ?? null;
  }

  applyChanges(node: NodeId, bytes: Uint8Array): Applied {
    const remote = this.#nodes.get(node);
    if (remote === undefined) return 'unknown_node';
    const message = decode(bytes);
    if (message?.kind !== 'changes') return this.#refuse();
    if (remote.version !== null && message.version <= remote.version) return 'known';
    if (message.version - 1 === remote.version) {
      this.#apply(node, remote, message);
      return 'applied';
    }
    this.#holdBack(remote, message, bytes.length);
    return 'needs_snapshot';
  }

  applySnapshot(node: NodeId, messages: readonly Uint8Array[]): Applied {
    const remote = this.#nodes.get(node);
    if (remote === undefined) return 'unknown_node';
    const pieces = messages.map((bytes) => decode(bytes)).filter((piece): piece is Piece => piece?.kind === 'snapshot');
    const [first] = pieces;
    if (first === undefined || pieces.length < messages.length || !isWhole(pieces)) return this.#refuse();
    if (remote.version !== null && first.version < remote.version) return 'known';
    this.#options.replace(
      node,
      pieces.flatMap(({ changes }) => changes),
    );
    remote.version = first.version;
    return this.#applyHeldBack(node, remote);
  }

  #apply(node: NodeId, remote: RemoteNode, { version, changes }: Changes): void {
    for (const change of changes) this.#options.apply(node, change);
    remote.version = version;
  }

  #holdBack(remote: RemoteNode, message: Changes, bytes: number): void {
    remote.heldBackBytes += bytes;
    if (remote.heldBackBytes > MAX_HELD_BACK_BYTES) {
      remote.heldBack = [];
      remote.heldBackBytes = bytes;
    }
    remote.heldBack.push(message);
  }

  /** The snapshot may be older than what has come since, or newer. */
  #applyHeldBack(node: NodeId, remote: RemoteNode): Applied {
    const { heldBack, heldBackBytes } = remote;
    remote.heldBack = [];
    remote.heldBackBytes = 0;
    for (const [i, message] of heldBack.entries()) {
      if (remote.version === null || message.version <= remote.version) continue;
      if (message.version - 1 !== remote.version) {
        remote.heldBack = heldBack.slice(i);
        remote.heldBackBytes = heldBackBytes;
        return 'needs_snapshot';
      }
      this.#apply(node, remote, message);
    }
    return 'applied';
  }

  #refuse(): 'refused' {
    this.refused++;
    return 'refused';
  }
}
