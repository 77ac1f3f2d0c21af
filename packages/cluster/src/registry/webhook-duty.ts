import type { DomainEvent } from '@sluice/core';
import type { NodeId } from './owner.ts';
import type { Responsibility } from './responsibility.ts';
import { isTransition, oppositeOf, subjectOf, type Transition } from './transition.ts';

export interface WebhookDutyOptions {
  /** Which of the living nodes answers for a channel. */
  readonly nodes: Responsibility;
  /** Hands an event to this node's webhooks. */
  readonly emit: (event: DomainEvent) => void;
  /** Tells the other nodes that the transition has been emitted. */
  readonly told: (transition: Transition) => void;
  /** Whether the merged state is as after the transition. */
  readonly isSo: (transition: Transition) => boolean;
  /** Whether anybody is to be told of events of the app; alike on all nodes. */
  readonly hasWebhooks: (appId: string) => boolean;
}

/** Beyond these the oldest are forgotten: so much is owed only when a node with many channels does nothing for long. */
const MAX_OWED = 100_000;

/** The part that goes at the bound, in one go: a look at the front of a Map passes all that was deleted there. */
const SLICE = 0.01;

/**
 * gathering: this node does not yet know what the others hold, so that what looks like a transition may be none.
 * waiting: it does, and the others count on it or may do so, and it leaves transitions that may have been told by others.
 * serving: it tells what it is responsible for.
 */
type Stage = 'gathering' | 'waiting' | 'serving';

/**
 * Sees to it that webhooks hear of each transition of the merged state once, from the node that is responsible for the
 * channel. That node tells the others when it has; what a node has seen and nobody has told yet is owed, and whoever
 * becomes responsible tells it. What is owed is where the webhooks' view of a channel or member differs from the state:
 * a transition back settles it, and so nothing is told twice and nothing that is no longer so.
 */
export class WebhookDuty {
  readonly #options: WebhookDutyOptions;
  /** By channel or member; the oldest first. */
  readonly #owed = new Map<string, Transition>();
  #stage: Stage = 'gathering';

  constructor(options: WebhookDutyOptions) {
    this.#options = options;
  }

  /** Something happened in the merged state. */
  happened(event: DomainEvent): void {
    if (!this.#options.hasWebhooks(event.appId)) return;
    if (!isTransition(event)) {
      if (this.#stage === 'serving' && this.#isOurs(event)) this.#options.emit(event);
      return;
    }
    const subject = subjectOf(event);
    const owed = this.#owed.get(subject);
    if (owed !== undefined && owed.type !== event.type) this.#owed.delete(subject);
    else if (this.#stage === 'serving' && this.#isOurs(event)) this.#tell(event);
    else if (this.#stage !== 'gathering') this.#owe(event);
  }

  /** Another node has told the webhooks of it. */
  heard(transition: Transition): void {
    if (this.#options.isSo(transition)) this.#owed.delete(subjectOf(transition));
    // It comes to this state by another way, a moment later; that will settle it.
    else if (this.#stage !== 'gathering') this.#owe(oppositeOf(transition));
  }

  /**
   * What the node owes, as it says in a snapshot. Of its own channels nobody knows better. Of others it may not have heard
   * yet that they were told: only a node that comes in between must take them for owed.
   */
  heardOwed(node: NodeId, owed: readonly Transition[]): void {
    for (const [subject, transition] of this.#owed) if (this.#isOf(node, transition)) this.#owed.delete(subject);
    for (const transition of owed) {
      const isNews = this.#stage !== 'serving' || this.#isOf(node, transition);
      if (isNews && this.#options.isSo(transition)) this.#owe(transition);
    }
  }

  owed(): Iterable<Transition> {
    return this.#owed.values();
  }

  wait(): void {
    this.#stage = 'waiting';
  }

  serve(): void {
    this.#stage = 'serving';
    this.takeOver();
  }

  /** Other nodes are responsible now than before: tells what is this node's of what is owed. */
  takeOver(): void {
    if (this.#stage !== 'serving') return;
    for (const [subject, transition] of this.#owed) {
      if (!this.#isOurs(transition)) continue;
      this.#owed.delete(subject);
      if (this.#options.isSo(transition)) this.#tell(transition);
    }
  }

  #isOurs({ appId, channel }: DomainEvent): boolean {
    return this.#options.nodes.isOurs(appId, channel);
  }

  #isOf(node: NodeId, { appId, channel }: Transition): boolean {
    return this.#options.nodes.of(appId, channel) === node;
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
