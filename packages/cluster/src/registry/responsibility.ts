import { createHash } from 'node:crypto';
import type { NodeId } from './owner.ts';

/**
 * Which of the nodes that take a share answers for a channel: the one that scores highest for it (rendezvous hashing), so
 * that every node with the same list comes to the same one, and one that comes or goes moves only what it gets or had.
 * Nodes that are about to end answer only where nobody stays.
 */
export class Responsibility {
  readonly #staying: Sharing = new Map();
  readonly #leaving: Sharing = new Map();

  add(node: NodeId): void {
    this.#staying.set(node, hashOf(node));
  }

  /** The node is about to end. */
  retire(node: NodeId): void {
    this.#staying.delete(node);
    this.#leaving.set(node, hashOf(node));
  }

  remove(node: NodeId): void {
    this.#staying.delete(node);
    this.#leaving.delete(node);
  }

  has(node: NodeId): boolean {
    return this.#staying.has(node) || this.#leaving.has(node);
  }

  isLeaving(node: NodeId): boolean {
    return this.#leaving.has(node);
  }

  isShared(): boolean {
    return this.isKept() || this.#leaving.size > 0;
  }

  /** By a node that stays. */
  isKept(): boolean {
    return this.#staying.size > 0;
  }

  /** Without those that are `passedOver`: who comes after them. `undefined`: there is nobody. */
  of(appId: string, channel: string, passedOver?: (node: NodeId) => boolean): NodeId | undefined {
    const key = fnv(channel, fnv(appId, FNV_OFFSET));
    return best(this.#staying, key, passedOver) ?? best(this.#leaving, key, passedOver);
  }
}

/** By node, the hash of its id. */
type Sharing = Map<NodeId, number>;

function hashOf(node: NodeId): number {
  return createHash('sha256').update(node).digest().readUInt32BE(0);
}

function best(sharing: Sharing, key: number, passedOver: ((node: NodeId) => boolean) | undefined): NodeId | undefined {
  let found: NodeId | undefined;
  let highest = -1;
  for (const [node, hash] of sharing) {
    if (passedOver?.(node) === true) continue;
    const score = mixed(key ^ hash);
    if (score < highest || (score === highest && found !== undefined && node < found)) continue;
    found = node;
    highest = score;
  }
  return found;
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
