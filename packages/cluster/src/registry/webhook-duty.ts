import { type DomainEvent, isTransition, oppositeOf, subjectOf, type Transition } from '@sluice/core';
import type { NodeId } from './owner.ts';
import { Responsibility } from './responsibility.ts';
import { RecentlyTold } from './recently-told.ts';

export interface WebhookDutyOptions {
  readonly self: NodeId;
  readonly now: () => number;
  /** Longer than any change takes to another node, a number of subscribers included. */
  readonly settleMs: number;
  /** After so long every node has noticed that one has died. */
  readonly deadNodeMs: number;
  /** Hands an event to this node's webhooks. */
  readonly emit: (event: DomainEvent) => void;
  /** Tells the other nodes that the transition has been emitted. */
  readonly told: (transition: Transition) => void;
  /** Another node has emitted the transition. */
  readonly toldElsewhere: (transition: Transition) => void;
  /** Tells the other nodes that this one takes a share from now on. */
  readonly shares: () => void;
  /** Tells the other nodes that this one is about to end, and leaves its share to those that stay. */
  readonly leaves: () => void;
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
 * gathering: what looks like a transition may be none, for this node does not know yet what the others hold.
 * watching: others tell it all; what nobody has told is remembered.
 * serving: this node tells what it is responsible for.
 */
type Stage = 'gathering' | 'watching' | 'serving';

interface Owed {
  readonly transition: Transition;
  readonly since: number;
}

/**
 * Sees to it that webhooks hear of each transition of the merged state once, from the node that is responsible for the
 * channel. That node tells the others when it has; what a node has seen and nobody has told yet is owed, and whoever
 * becomes responsible tells it. What is owed is where the webhooks' view of a channel or member differs from the state:
 * a transition back settles it, and so nothing is told that is no longer so, and nothing twice.
 *
 * A transition is told twice where it was told by a node that nobody heard saying so: it died or was cut off at that moment, or
 * the message was lost while another took its share and no snapshot made up for it within `settleMs`. So it is where a node
 * takes a share before all have noticed that an earlier one has died, or nodes that were separated both told it.
 */
export class WebhookDuty {
  readonly nodes = new Responsibility();
  readonly #options: WebhookDutyOptions;
  /** By channel or member; the oldest first. */
  readonly #owed = new Map<string, Owed>();
  readonly #told: RecentlyTold;
  /** Those that have taken a share just now, and do not serve yet. */
  readonly #newcomers = new Set<NodeId>();
  #stage: Stage = 'gathering';
  #hasShared = false;
  #standsBack = false;
  #isLeaving = false;
  /** Until this node takes its share, or begins to tell. */
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WebhookDutyOptions) {
    this.#options = options;
    this.#told = new RecentlyTold(options.deadNodeMs);
  }

  /**
   * This node knows what the others hold. Where others have a share, it takes its own only when all of them have noticed the
   * death of whoever died before it came: it never knew those, and so could not see them go.
   */
  gathered(): void {
    if (this.#stage !== 'gathering') return;
    this.#stage = 'watching';
    const { deadNodeMs, settleMs } = this.#options;
    // What was wrongly taken for owed until then is old enough to be known as such when the others say what they owe.
    this.#shareIn(this.nodes.isShared() ? deadNodeMs + 3 * settleMs : settleMs);
  }

  /** Something happened in the merged state. */
  happened(event: DomainEvent): void {
    if (!this.#options.hasWebhooks(event.appId)) return;
    if (!isTransition(event)) {
      if (this.isOurs(event)) this.#options.emit(event);
      return;
    }
    const subject = subjectOf(event);
    const owed = this.#owed.get(subject);
    if (owed !== undefined && owed.transition.type !== event.type) this.#owed.delete(subject);
    else if (this.isOurs(event)) this.#tell(event);
    else if (this.#stage !== 'gathering') this.#owe(event);
  }

  /** Another node has told the webhooks of it. */
  heard(transition: Transition): void {
    this.#told.forget(transition);
    this.#options.toldElsewhere(transition);
    if (this.#options.isSo(transition)) this.#owed.delete(subjectOf(transition));
    // The state gets there by another way, a moment later; that will settle it.
    else if (this.#stage !== 'gathering') this.#owe(oppositeOf(transition));
  }

  /**
   * The node has told it of late, as it says in a snapshot. It counts where that node answers for the channel still, or did
   * before this one, which has told nothing of it since.
   */
  heardAgain(node: NodeId, transition: Transition): void {
    const isFromBefore = this.#authority(transition, { butUs: true }) === node && !this.#told.knows(transition);
    if (isFromBefore || this.#isKnownBetterBy(node, transition)) this.heard(transition);
  }

  /**
   * All that the node owes by its own account. Nobody knows better about the channels that it answers for, or that it
   * answered for until this node or another newcomer came. What it leaves out is not owed either, but for what it has seen
   * just now, and for channels of this node, of which it may have heard nothing.
   */
  heardOwed(node: NodeId, owed: readonly Transition[]): void {
    if (this.#stage === 'gathering') return;
    const listed = new Set(owed.map((transition) => subjectOf(transition)));
    const listedSince = this.#options.now() - 2 * this.#options.settleMs;
    for (const [subject, { transition, since }] of this.#owed) {
      if (since >= listedSince || listed.has(subject)) continue;
      if (this.#isKnownBetterBy(node, transition)) this.#owed.delete(subject);
    }
    for (const transition of owed) {
      if (!this.#isKnownBetterBy(node, transition)) continue;
      if (this.#options.isSo(transition)) this.#owe(transition);
      else this.#owed.delete(subjectOf(transition));
    }
  }

  /** What this node has told of late: one that missed a message may have missed that, too. */
  recentlyTold(): Iterable<Transition> {
    return this.#told.transitions();
  }

  /** Only then do others believe what this node says that it owes. */
  get isServing(): boolean {
    return this.#stage === 'serving';
  }

  /** The node takes a share. Until it serves, those before it know better what webhooks know. */
  shared(node: NodeId, { serves }: { readonly serves: boolean }): void {
    this.nodes.add(node);
    if (serves) return;
    this.#newcomers.add(node);
    after(this.#options.settleMs, () => this.#newcomers.delete(node));
  }

  /** What nobody has told for longer than telling takes. */
  owed(): Transition[] {
    const since = this.#options.now() - this.#options.settleMs;
    return [...this.#owed.values()].filter((owed) => owed.since < since).map(({ transition }) => transition);
  }

  /** Of a dead node another one has not heard that it told this. It may have heard more of it than this node did. */
  inherited(transition: Transition): void {
    if (this.#stage === 'gathering') return;
    const subject = subjectOf(transition);
    if (!this.#options.isSo(transition)) this.#owed.delete(subject);
    else if (!this.isOurs(transition)) this.#owe(transition);
    else if (!this.#told.has(transition)) {
      this.#owed.delete(subject);
      this.#tell(transition);
    }
  }

  /**
   * The node has died: whoever comes after it tells what it has left. To be called before what it held goes: what it may
   * not have told came first. Returns what it has left, as far as this node knows.
   */
  dropNode(node: NodeId): Transition[] {
    const left = this.owed().filter((transition) => this.#responsible(transition) === node);
    this.nodes.remove(node);
    if (this.#stage === 'watching' && !this.nodes.isShared()) this.#share();
    if (this.#stage === 'serving') this.#takeOver();
    return left.filter((transition) => !this.isOurs(transition));
  }

  /** This node is about to end: from now on it tells only what nobody else is there for. */
  leave(): void {
    this.#isLeaving = true;
    if (this.#hasShared) this.#retire();
  }

  /** The node is about to end. What it has told by then has been heard, but perhaps not yet what that was about. */
  retired(node: NodeId): void {
    if (this.nodes.isLeaving(node)) return;
    this.nodes.retire(node);
    after(this.#options.settleMs, () => {
      if (this.#stage === 'serving') this.#takeOver();
    });
  }

  /**
   * Leaves everything to the others until it serves again: it may have missed that they took it for dead. Then they answer for
   * its share, and what it has told and knows to be owed is older than what they tell.
   */
  standBack(): void {
    this.#standsBack = true;
    if (this.#stage === 'serving') this.#stage = 'watching';
    if (this.#isLeaving || !this.nodes.has(this.#options.self)) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.nodes.remove(this.#options.self);
    this.#told.clear();
  }

  /**
   * Ends standing back. A node that had a share takes it anew, as it first did: what it saw while it caught up may long have
   * been told. One that is about to end has no time for that.
   */
  serve(): void {
    this.#standsBack = false;
    if (this.#isLeaving) {
      if (this.nodes.has(this.#options.self)) this.#serve();
    } else if (this.#stage !== 'gathering' && this.#timer === undefined) this.#shareIn(this.#options.settleMs);
  }

  #shareIn(ms: number): void {
    this.#timer = after(ms, () => this.#share());
  }

  #share(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#standsBack || this.nodes.has(this.#options.self)) return;
    if (this.#isLeaving) {
      if (this.nodes.isShared()) return;
      this.#retire();
    } else {
      this.nodes.add(this.#options.self);
      this.#hasShared = true;
      this.#options.shares();
    }
    // By then the others have said what they owe, and what those told who did not know of the share yet has been heard.
    this.#timer = after(this.#options.settleMs, () => {
      if (!this.#standsBack) this.#serve();
    });
  }

  #retire(): void {
    this.nodes.retire(this.#options.self);
    this.#options.leaves();
  }

  #serve(): void {
    this.#stage = 'serving';
    this.#takeOver();
  }

  #takeOver(): void {
    for (const subject of this.#owed.keys()) this.#tellOwed(subject);
  }

  #tellOwed(subject: string): void {
    const transition = this.#owed.get(subject)?.transition;
    if (transition === undefined || !this.isOurs(transition)) return;
    this.#owed.delete(subject);
    if (this.#options.isSo(transition)) this.#tell(transition);
  }

  /** Whether this node tells webhooks of it. */
  isOurs(event: DomainEvent): boolean {
    return this.#stage === 'serving' && this.#responsible(event) === this.#options.self;
  }

  #responsible({ appId, channel }: DomainEvent): NodeId | undefined {
    return this.nodes.of(appId, channel);
  }

  #isKnownBetterBy(node: NodeId, transition: Transition): boolean {
    return this.#authority(transition, { butUs: this.#stage !== 'serving' }) === node;
  }

  /** Who knows what webhooks know of the channel. */
  #authority({ appId, channel }: Transition, { butUs }: { readonly butUs: boolean }): NodeId | undefined {
    const { self } = this.#options;
    return this.nodes.of(appId, channel, (node) => this.#newcomers.has(node) || (butUs && node === self));
  }

  #tell(transition: Transition): void {
    this.#options.emit(transition);
    this.#told.add(transition, this.#options.now());
    this.#options.told(transition);
  }

  #owe(transition: Transition): void {
    if (this.#owed.size >= MAX_OWED) this.#makeRoom();
    const subject = subjectOf(transition);
    this.#owed.set(subject, { transition, since: this.#options.now() });
    // The state may not get there by another way: it may have come from there.
    if (this.isOurs(transition)) after(this.#options.settleMs, () => this.#tellOwed(subject));
  }

  #makeRoom(): void {
    let excess = MAX_OWED * SLICE;
    for (const subject of this.#owed.keys()) {
      if (excess-- <= 0) return;
      this.#owed.delete(subject);
    }
  }
}

function after(ms: number, act: () => void): NodeJS.Timeout {
  return setTimeout(act, ms).unref();
}
