import type { CountReport, DomainEvent, Transition, UserRef } from '@sluice/core';
import { assertNever } from '@sluice/protocol';
import type { Change } from './change.ts';
import { ChangeStream } from './change-stream.ts';
import type { ChannelRef } from './directory.ts';
import type { EventCache, StampedEvent } from './event-cache.ts';
import { HeldByNode } from './held-by-node.ts';
import { MergedState, type RegistryListener } from './merged-state.ts';
import type { NodeId } from './owner.ts';
import { type Applied, RemoteNodes } from './remote-nodes.ts';
import { changesOfAll, piecesOf } from './snapshot.ts';
import { Slots } from './slots.ts';
import { WebhookDuty } from './webhook-duty.ts';

export interface ReplicationOptions {
  readonly self: NodeId;
  readonly now: () => number;
  readonly cache: EventCache;
  readonly listener: RegistryListener & {
    happened(event: DomainEvent): void;
    userTerminated(user: UserRef): void;
  };
  /** A message for all other nodes; they have to get all of them, in order. */
  readonly onChange: (message: Buffer) => void;
  /** Whether anybody is to be told of events of the app; alike on all nodes. */
  readonly hasWebhooks: (appId: string) => boolean;
  /** Another node has handed the transition to its webhooks. */
  readonly toldElsewhere: (transition: Transition) => void;
  /** Longer than any change takes to another node, a number of subscribers included. */
  readonly settleMs: number;
  /** After so long every node has noticed that one has died. */
  readonly deadNodeMs: number;
}

/**
 * Keeps the merged state alike on all nodes: tells the others what this node's workers have together, and takes up what
 * they tell. For whoever connects it to a network:
 *
 * - A node that comes or is found is added, and asked for a snapshot. So is one whose message `needs_snapshot`, and one that
 *   says that it is at another version than `versionOf`.
 * - When the snapshots of all that live are there, `gathered` is called, and the node may take connections.
 * - One that finds that it was paused calls `standBack`, and `serve` when it has heard what it missed. One that is about to
 *   end calls `leave`.
 */
export class Replication {
  readonly state: MergedState;
  readonly slots: Slots;
  readonly stream: ChangeStream;
  readonly #options: ReplicationOptions;
  readonly #duty: WebhookDuty;
  readonly #nodes: RemoteNodes;

  constructor(options: ReplicationOptions) {
    this.#options = options;
    const { listener } = options;
    this.stream = new ChangeStream({
      onChange: options.onChange,
      countHere: (channel) => this.#countHere(channel),
      slotsHere: (name) => this.slots.here(name),
    });
    this.slots = new Slots((name) => this.stream.slotsChanged(name));
    this.#duty = new WebhookDuty({
      ...options,
      emit: (event) => listener.happened(event),
      told: (transition) => this.stream.told(transition),
      shares: () => this.stream.shares(),
      leaves: () => this.stream.leaves(),
      isSo: (transition) => this.#isSo(transition),
    });
    this.state = new MergedState({ listener, happened: (event) => this.#duty.happened(event), here: this.stream });
    this.#nodes = new RemoteNodes({
      apply: (node, change) => this.#apply(node, change),
      replace: (node, changes) => this.#replace(node, changes),
    });
  }

  /** Number of the last message that this node sent. */
  get version(): number {
    return this.stream.version;
  }

  /** Messages of other nodes that could not be read. */
  get refused(): number {
    return this.#nodes.refused;
  }

  /** Number of the last message of the node that was applied; null: its snapshot is missing. */
  versionOf(node: NodeId): number | null {
    return this.#nodes.versionOf(node);
  }

  /**
   * Sends what waits for the end of the turn, now. Called before a message that a cache channel keeps goes to other nodes:
   * whoever joins its topic there too late for the message has been told what is kept.
   */
  flush(): void {
    this.stream.flush();
  }

  /** The node lives. Its snapshot is needed before any of its changes. */
  addNode(node: NodeId): void {
    this.#nodes.add(node);
  }

  /** The node is dead, or has left. */
  dropNode(node: NodeId): void {
    if (!this.#nodes.remove(node)) return;
    for (const transition of this.#duty.dropNode(node)) this.stream.inherited(transition);
    this.slots.drop(node);
    this.state.drop(node);
  }

  applyRemote(node: NodeId, message: Uint8Array): Applied {
    return this.#nodes.applyChanges(node, message);
  }

  /**
   * Makes, step by step, the pieces of all that this node holds, of at most 256 KB as far as no kept event is larger. What changes
   * between the steps is told in messages of its own, and may be in the snapshot or not: the number is that of the first step, so
   * that whoever takes it up applies those messages after it. Each says what is, and so they lead to the same from either.
   */
  *snapshot(): Generator<void, Buffer[]> {
    this.stream.flushAll();
    return yield* piecesOf(this.version, this.#changesOfAll());
  }

  /** Takes up a snapshot of the node: only what differs from what it was known to hold causes events. */
  applySnapshot(node: NodeId, pieces: readonly Uint8Array[]): Applied {
    return this.#nodes.applySnapshot(node, pieces);
  }

  /** The snapshots of all nodes that live are there. */
  gathered(): void {
    this.#duty.gathered();
  }

  /** Whether other nodes tell webhooks what happens. */
  get isShared(): boolean {
    return this.#duty.nodes.isShared();
  }

  /** Whether a node that stays tells webhooks what happens. */
  get isKept(): boolean {
    return this.#duty.nodes.isKept();
  }

  /** Leaves webhooks to the nodes that stay, as long as there are some. */
  leave(): void {
    this.#duty.leave();
  }

  /** Leaves webhooks to the others from now on, and remembers what nobody tells. */
  standBack(): void {
    this.#duty.standBack();
  }

  /** Tells webhooks what this node is responsible for; first what nobody has told. */
  serve(): void {
    this.#duty.serve();
  }

  /** A client found a cache channel empty. The node that is responsible tells webhooks of it, once for all nodes. */
  missed(channel: ChannelRef): void {
    const event = { ...channelOf(channel), type: 'cache_miss' } as const;
    if (this.#duty.isOurs(event)) this.#duty.happened(event);
    else this.stream.missed(channel);
  }

  *#changesOfAll(): Iterable<readonly Change[]> {
    yield* changesOfAll(this.state.directory, this.slots);
    for (const event of this.#options.cache.events()) {
      if (this.#tellsKept(event)) yield [{ type: 'keep', ...event }];
    }
    // Last, so that they are no older than the state, and at one moment, so that they fit together.
    const { nodes } = this.#duty;
    const { self } = this.#options;
    const told = [...this.#duty.recentlyTold()];
    const owed = this.#duty.isServing ? this.#duty.owed() : null;
    const isLeaving = nodes.isLeaving(self);
    if (nodes.has(self) && !isLeaving) yield [{ type: 'shares' }];
    for (const transition of told) yield [{ type: 'told', transition }];
    if (owed !== null) yield [{ type: 'owed', transitions: owed }];
    if (isLeaving) yield [{ type: 'leaves' }];
  }

  /** An event is told by the node where it came about and by one more, should that have died: not by all of them. */
  #tellsKept({ appId, channel, node }: StampedEvent): boolean {
    const { self } = this.#options;
    return node === self || this.#duty.nodes.of(appId, channel, (each) => each === node) === self;
  }

  #apply(node: NodeId, change: Change): void {
    switch (change.type) {
      case 'count':
        this.state.count(node, change);
        return;
      case 'joined':
        this.state.joinElsewhere(node, change, change.member);
        return;
      case 'left':
        this.state.leave(node, change);
        return;
      case 'user_joined':
        this.state.userJoinedElsewhere(node, userOf(change));
        return;
      case 'user_left':
        this.state.userLeft(node, userOf(change));
        return;
      case 'slots':
        this.slots.setElsewhere(node, change.name, change.held);
        return;
      case 'keep':
        this.#options.cache.merge(change);
        return;
      case 'terminate':
        this.#options.listener.userTerminated(userOf(change));
        return;
      case 'missed':
        this.#duty.happened({ ...channelOf(change), type: 'cache_miss' });
        return;
      case 'shares':
        this.#duty.shared(node, { serves: false });
        // It answers from now on for what others answered for, and has to know what they have not told.
        if (this.#duty.isServing) this.stream.owed(this.#duty.owed());
        return;
      case 'leaves':
        this.#duty.retired(node);
        return;
      case 'told':
        this.#duty.heard(change.transition);
        return;
      case 'inherited':
        this.#duty.inherited(change.transition);
        return;
      case 'owed':
        this.#duty.heardOwed(node, change.transitions);
        return;
      default:
        assertNever(change);
    }
  }

  /** What has come first, so that a channel that has other members now was not vacated in between. */
  #replace(node: NodeId, changes: readonly Change[]): void {
    const held = new HeldByNode();
    const serves = changes.some(({ type }) => type === 'owed');
    for (const change of changes) {
      held.add(change);
      // What webhooks know is compared with the whole state, and counts of a node that leaves, too.
      if (change.type === 'told' || change.type === 'owed' || change.type === 'leaves') continue;
      if (change.type !== 'shares') this.#apply(node, change);
      else if (!this.#duty.nodes.has(node)) this.#duty.shared(node, { serves });
    }
    held.takeOutOthers(node, this.state, this.slots);
    for (const change of changes) {
      if (change.type === 'told') this.#duty.heardAgain(node, change.transition);
      else if (change.type === 'owed') this.#duty.heardOwed(node, change.transitions);
      else if (change.type === 'leaves') this.#duty.retired(node);
    }
  }

  #countHere({ appId, channel }: ChannelRef): CountReport {
    const record = this.state.directory.channel({ appId, channel });
    return {
      appId,
      channel,
      subscriptions: record?.subscriptionsHere ?? 0,
      announce: record?.announces ?? false,
    };
  }

  #isSo(transition: Transition): boolean {
    const record = this.state.directory.channel(transition);
    switch (transition.type) {
      case 'channel_occupied':
        return record !== undefined;
      case 'channel_vacated':
        return record === undefined;
      case 'member_added':
        return record?.hasMember(transition.userId) ?? false;
      case 'member_removed':
        return !(record?.hasMember(transition.userId) ?? false);
      default:
        return assertNever(transition);
    }
  }
}

function userOf({ appId, userId }: UserRef): UserRef {
  return { appId, userId };
}

function channelOf({ appId, channel }: ChannelRef): ChannelRef {
  return { appId, channel };
}
