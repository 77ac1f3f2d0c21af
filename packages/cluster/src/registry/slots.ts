import { NODE_SLOT, type Slot } from '@sluice/core';
import { Holdings } from './holdings.ts';
import type { NodeId, Owner, WorkerId } from './owner.ts';

/** How many of each slot are held. */
export class Slots {
  readonly #held = new Map<string, Holdings>();
  /** The workers of this node hold another number of a slot that counts for all nodes. */
  readonly #changed: ((name: string) => void) | undefined;

  constructor(changed?: (name: string) => void) {
    this.#changed = changed;
  }

  acquire(worker: WorkerId, { name, max }: Slot): boolean {
    if ((this.#held.get(name)?.total ?? 0) >= max) return false;
    this.hold(worker, name, 1);
    return true;
  }

  hold(worker: WorkerId, name: string, connections: number): void {
    this.#of(name).add(worker, connections);
    this.#tell(name);
  }

  release(worker: WorkerId, name: string): void {
    const held = this.#held.get(name);
    if (held === undefined || !held.take(worker)) return;
    if (held.total === 0) this.#held.delete(name);
    this.#tell(name);
  }

  /** Another node holds so many now. */
  setElsewhere(node: NodeId, name: string, connections: number): void {
    const held = this.#of(name);
    held.set(node, connections);
    if (held.total === 0) this.#held.delete(name);
  }

  here(name: string): number {
    return this.#held.get(name)?.here ?? 0;
  }

  drop(owner: Owner): void {
    for (const [name, held] of this.#held) {
      if (!held.drop(owner)) continue;
      if (held.total === 0) this.#held.delete(name);
      if (typeof owner === 'number') this.#tell(name);
    }
  }

  /** Names of the slots of which the owner holds any. */
  namesOf(owner: Owner): string[] {
    return [...this.#held].filter(([, held]) => held.has(owner)).map(([name]) => name);
  }

  /** Names of the slots that count for all nodes and of which this node holds any. */
  namesHere(): string[] {
    return [...this.#held].filter(([name, held]) => held.here > 0 && name !== NODE_SLOT).map(([name]) => name);
  }

  #of(name: string): Holdings {
    let held = this.#held.get(name);
    if (held === undefined) {
      held = new Holdings();
      this.#held.set(name, held);
    }
    return held;
  }

  #tell(name: string): void {
    if (name !== NODE_SLOT) this.#changed?.(name);
  }
}
