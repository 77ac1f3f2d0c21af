import { createHash } from 'node:crypto';
import type { NodeId } from './owner.ts';

interface Candidate {
  readonly node: NodeId;
  readonly hash: number;
}

/**
 * Which living node answers for a channel: the one that scores highest for it (rendezvous hashing), so that every node with
 * the same list comes to the same one, and a node that comes or goes moves only the channels that it gets or had.
 */
export class Responsibility {
  readonly #self: NodeId;
  readonly #candidates = new Map<NodeId, Candidate>();

  constructor(self: NodeId) {
    this.#self = self;
    this.add(self);
  }

  add(node: NodeId): void {
    this.#candidates.set(node, { node, hash: createHash('sha256').update(node).digest().readUInt32BE(0) });
  }

  remove(node: NodeId): void {
    this.#candidates.delete(node);
  }

  isOurs(appId: string, channel: string): boolean {
    return this.#candidates.size === 1 || this.of(appId, channel) === this.#self;
  }

  /** Without `except`, of which nobody may know yet that it has died: who comes next. */
  of(appId: string, channel: string, except?: NodeId): NodeId {
    const key = fnv(channel, fnv(appId, FNV_OFFSET));
    let best = this.#self;
    let bestScore = -1;
    for (const { node, hash } of this.#candidates.values()) {
      if (node === except) continue;
      const score = mixed(key ^ hash);
      if (score > bestScore || (score === bestScore && node > best)) {
        best = node;
        bestScore = score;
      }
    }
    return best;
  }
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over UTF-16 code units; the separator keeps what follows apart. */
function fnv(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return Math.imul(hash ^ 0xffff, FNV_PRIME);
}

/** The finaliser of MurmurHash3: every bit of the result depends on every bit given. */
function mixed(bits: number): number {
  let hash = bits;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
