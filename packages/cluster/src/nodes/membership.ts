import type { NodeId } from './frames.ts';

export interface MembershipOptions {
  readonly self: NodeId;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  readonly beatMs: number;
  /** Silence after which a node counts as dead. */
  readonly deadMs: number;
  readonly onJoined: (node: NodeId) => void;
  /** This process had been paused. */
  readonly onStoodStill: () => void;
  /** It said that it goes, or was silent too long. */
  readonly onGone: (node: NodeId, reason: 'left' | 'dead') => void;
}

/**
 * Which other nodes live, by their heartbeats. A node that could not listen judges nobody: while it has no connection, after
 * it, and after a pause of its own, it gives everyone the whole time to be heard again.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #heardAt = new Map<NodeId, number>();
  #isListening = false;
  #lastTick: number;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#lastTick = options.now();
  }

  get nodes(): readonly NodeId[] {
    return [...this.#heardAt.keys()];
  }

  has(node: NodeId): boolean {
    return this.#heardAt.has(node);
  }

  heard(node: NodeId): void {
    if (node === this.#options.self) return;
    const isNew = !this.#heardAt.has(node);
    this.#heardAt.set(node, this.#options.now());
    if (isNew) this.#options.onJoined(node);
  }

  left(node: NodeId): void {
    if (this.#heardAt.delete(node)) this.#options.onGone(node, 'left');
  }

  listening(): void {
    this.#isListening = true;
    this.#giveTime();
  }

  notListening(): void {
    this.#isListening = false;
  }

  /** To be called every `beatMs`. */
  tick(): void {
    const { now, beatMs, deadMs, onGone } = this.#options;
    const at = now();
    // Timers that come late mean that this process stood still, and heard nothing.
    const stoodStill = at - this.#lastTick > beatMs + deadMs / 2;
    this.#lastTick = at;
    if (stoodStill) {
      this.#giveTime();
      this.#options.onStoodStill();
    }
    if (!this.#isListening) return;
    for (const [node, heardAt] of this.#heardAt) {
      if (at - heardAt <= deadMs) continue;
      this.#heardAt.delete(node);
      onGone(node, 'dead');
    }
  }

  #giveTime(): void {
    const at = this.#options.now();
    for (const node of this.#heardAt.keys()) this.#heardAt.set(node, at);
  }
}
