import type { DomainEvent } from '@sluice/core';
import type { NodeId } from './owner.ts';
import { Responsibility } from './responsibility.ts';
import { isTransition, oppositeOf, subjectOf, type Transition } from './transition.ts';

export interface WebhookDutyOptions {
  readonly self: NodeId;
  /** Longer than any change takes to another node, a number of subscribers included. */
  readonly settleMs: number;
  /** After so long every node has noticed that one has died. */
  readonly deadNodeMs: number;
  /** Hands an event to this node's webhooks. */
  readonly emit: (event: DomainEvent) => void;
  /** Tells the other nodes that the transition has been emitted. */
  readonly told: (transition: Transition) => void;
  /** Tells the other nodes that this one takes a share from now on. */
  readonly shares: () => void;
  /** Whether the merged state is as after the transition. */
  readonly isSo: (transition: Transition) => boolean;
  /** Whether anybody is to be told of events of the app; alike on all nodes. */
  readonly hasWebhooks: (appId: string) => boolean;
}

/** Beyond these the oldest are forgotten: so much is owed only when a node with very many channels has died. */
const MAX_OWED = 100_000;

/** The part that goes at the bound, in one go: a look at the front of a Map passes all that was deleted there. */
const SLICE = 0.01;

/**
 * gathering: others do it all, and what looks here like a transition may be none.
 * watching: this node knows what is so; whoever else is responsible tells it, and what nobody tells is remembered.
 * serving: it also tells what it is responsible for.
 */
type Stage = 'gathering' | 'watching' | 'serving';

/**
 * Sees to it that webhooks hear of each transition of the merged state once, from the node that is responsible for the
 * channel. That node tells the others when it has; what a node has seen and nobody has told yet is owed, and whoever
 * becomes responsible tells it. What is owed is where the webhooks' view of a channel or member differs from the state:
 * a transition back settles it, and so nothing is told that is no longer so, and nothing twice.
 */
export class WebhookDuty {
  readonly nodes = new Responsibility();
  readonly #options: WebhookDutyOptions;
  /** By channel or member; the oldest first. */
  readonly #owed = new Map<string, Transition>();
  #stage: Stage = 'gathering';
  #hasGathered = false;

  constructor(options: WebhookDutyOptions) {
    this.#options = options;
  }

  /**
   * This node knows what the others hold. Where others have a share, it takes its own when all of them have noticed the
   * death of whoever died before they told it what they hold: it never knew those, and so cannot see them go.
   */
  gathered(): void {
    if (this.#hasGathered) return;
    this.#hasGathered = true;
    if (this.nodes.isShared()) after(this.#options.deadNodeMs, () => this.#watch());
    else this.#watch();
  }

  /** Something happened in the merged state. */
  happened(event: DomainEvent): void {
    if (!this.#options.hasWebhooks(event.appId)) return;
    if (!isTransition(event)) {
      if (this.#isOurs(event)) this.#options.emit(event);
      return;
    }
    const subject = subjectOf(event);
    const owed = this.#owed.get(subject);
    if (owed !== undefined && owed.type !== event.type) this.#owed.delete(subject);
    else if (this.#isOurs(event)) this.#tell(event);
    else if (this.#stage !== 'gathering') this.#owe(event);
  }

  /** Another node has told the webhooks of it. */
  heard(transition: Transition): void {
    if (this.#options.isSo(transition)) this.#owed.delete(subjectOf(transition));
    // The state gets there by another way, a moment later; that will settle it.
    else if (this.#hasGathered) this.#owe(oppositeOf(transition));
  }

  /** What the node owes, as it says in a snapshot: of its own channels nobody knows better. */
  heardOwed(node: NodeId, owed: readonly Transition[]): void {
    for (const [subject, transition] of this.#owed)
      if (this.#responsible(transition) === node) this.#owed.delete(subject);
    if (this.#stage === 'gathering') return;
    for (const transition of owed) {
      if (this.#responsible(transition) === node && this.#options.isSo(transition)) this.#owe(transition);
    }
  }

  owed(): Iterable<Transition> {
    return this.#owed.values();
  }

  /** The node has died: others tell what it has left. Before what it held goes; what it may not have told came first. */
  dropNode(node: NodeId): void {
    this.nodes.remove(node);
    if (this.#hasGathered && !this.nodes.isShared()) this.#watch();
    if (this.#stage === 'serving') this.#takeOver();
  }

  /** Leaves everything to the others until it serves again: it may have missed that they took it for dead, or ends. */
  standBack(): void {
    if (this.#stage === 'serving') this.#stage = 'watching';
  }

  serve(): void {
    this.#stage = 'serving';
    this.#takeOver();
  }

  #watch(): void {
    if (this.#stage !== 'gathering') return;
    this.#stage = 'watching';
    // What others saw after they knew that this node answers for it, this node saw after it began to watch.
    after(this.#options.settleMs, () => {
      this.nodes.add(this.#options.self);
      this.#options.shares();
      // What those told who did not know it yet has been heard by then.
      after(this.#options.settleMs, () => this.serve());
    });
  }

  #takeOver(): void {
    for (const [subject, transition] of this.#owed) {
      if (!this.#isOurs(transition)) continue;
      this.#owed.delete(subject);
      if (this.#options.isSo(transition)) this.#tell(transition);
    }
  }

  #isOurs(event: DomainEvent): boolean {
    return this.#stage === 'serving' && this.#responsible(event) === this.#options.self;
  }

  #responsible({ appId, channel }: DomainEvent): NodeId | undefined {
    return this.nodes.of(appId, channel);
  }

  #tell(transition: Transition): void {
    this.#options.emit(transition);
    this.#options.told(transition);
  }

  #owe(transition: Transition): void {
    if (this.#owed.size >= MAX_OWED) this.#makeRoom();
    this.#owed.set(subjectOf(transition), transition);
  }

  #makeRoom(): void {
    let excess = MAX_OWED * SLICE;
    for (const subject of this.#owed.keys()) {
      if (excess-- <= 0) return;
      this.#owed.delete(subject);
    }
  }
}

function after(ms: number, act: () => void): void {
  setTimeout(act, ms).unref();
}
