import type { Log, Transition } from '@sluice/core';
import type { GatewayCounters, NodeGateway } from '../nodes/index.ts';
import type { NodeId } from '../registry/owner.ts';
import type { Replication, ReplicationOptions } from '../registry/replication.ts';
import { isSnapshotNotice, type SnapshotNotice } from './snapshot-notices.ts';
import { SnapshotRounds } from './snapshot-rounds.ts';

export interface OtherNodesOptions {
  readonly gateway: NodeGateway;
  readonly beatMs: number;
  /** Silence after which a node counts as dead. */
  readonly deadMs: number;
  /** Whether anybody is to be told of events of the app. */
  readonly hasWebhooks: (appId: string) => boolean;
  /** Another node has handed the transition to its webhooks. */
  readonly toldElsewhere: (transition: Transition) => void;
  readonly log: Log;
  /** Monotonic, in milliseconds. */
  readonly now?: () => number;
}

/** What is done with what comes from other nodes. */
export interface OtherNodesDuties {
  readonly replication: Replication;
  /** A message to the subscribers of a topic. */
  deliver(topic: string, message: Buffer): void;
  /** Whether the other nodes can be reached. */
  reachable(isReachable: boolean): void;
}

export interface OthersState {
  readonly counters: GatewayCounters;
  readonly nodes: number;
  readonly isConnected: boolean;
}

/** Changes of the registry go to all nodes. No app has an id that begins with a slash. */
const REGISTRY = '/registry';

/** Longer than a change takes to another node: numbers of subscribers wait for 50 ms, and a message may have to be repeated. */
const SETTLE_MS = 500;

const POLL_MS = 20;

/** Pieces of a snapshot, by node, until all are there. */
interface Gathering {
  readonly id: number;
  readonly pieces: Buffer[];
}

/** The other nodes as the primary sees them: the way to their workers, and what they hold. */
export class OtherNodes {
  readonly #options: OtherNodesOptions;
  readonly #gateway: NodeGateway;
  readonly #now: () => number;
  #duties: OtherNodesDuties | null = null;
  readonly #askedAt = new Map<NodeId, number>();
  readonly #gathering = new Map<NodeId, Gathering>();
  /** Nodes that said they were at another version than is known; a message may be under way. */
  readonly #ahead = new Map<NodeId, number>();
  #snapshots: SnapshotRounds | null = null;
  #timer: NodeJS.Timeout | null = null;
  #comingBack: NodeJS.Timeout | null = null;
  #stoodBack = false;

  constructor(options: OtherNodesOptions) {
    this.#options = options;
    this.#gateway = options.gateway;
    this.#now = options.now ?? ((): number => performance.now());
  }

  /** For the registry of this node. */
  get replication(): Omit<ReplicationOptions, 'cache' | 'listener'> {
    const { deadMs, beatMs, hasWebhooks, toldElsewhere } = this.#options;
    return {
      self: this.#gateway.id,
      now: this.#now,
      hasWebhooks,
      toldElsewhere,
      settleMs: SETTLE_MS,
      deadNodeMs: deadMs + 2 * beatMs,
      onChange: (message) => void this.#gateway.publish(REGISTRY, message),
    };
  }

  get state(): OthersState {
    const { counters, nodes, isConnected } = this.#gateway;
    const unknown = counters.unknown + (this.#duties?.replication.refused ?? 0);
    return { counters: { ...counters, unknown }, nodes: nodes.length, isConnected };
  }

  get isConnected(): boolean {
    return this.#gateway.isConnected;
  }

  /** Meets the others and takes up what they hold. Rejects where they cannot be reached. */
  async start(duties: OtherNodesDuties): Promise<void> {
    this.#duties = duties;
    const { replication } = duties;
    const { log, beatMs } = this.#options;
    const snapshots = new SnapshotRounds({
      snapshot: () => replication.snapshot(),
      tellInParts: (node, parts) => this.#gateway.tellInParts(node, parts),
    });
    this.#snapshots = snapshots;
    await this.#gateway.start({
      message: (node, topic, body) => {
        if (topic === REGISTRY) this.#applied(node, replication.applyRemote(node, body));
        else duties.deliver(topic, body);
      },
      lost: (node, topic, numbers) => log.error('messages of another node are lost', { node, topic, ...numbers }),
      nodeJoined: (node) => {
        log.info('another node is there', { node });
        replication.addNode(node);
        this.#ask(node);
      },
      nodeGone: (node, reason) => {
        log.warn('another node is gone', { node, reason });
        for (const known of [this.#askedAt, this.#gathering, this.#ahead]) known.delete(node);
        snapshots.forget(node);
        replication.dropNode(node);
      },
      notice: (node, notice) => {
        if (isSnapshotNotice(notice)) this.#notice(node, notice);
      },
      connected: () => {
        duties.reachable(true);
        this.#comeBack();
      },
      disconnected: () => {
        snapshots.clear();
        duties.reachable(false);
        this.#standBack();
      },
      stoodStill: () => {
        this.#standBack();
        this.#comeBack();
      },
    });
    await new Promise<void>((resolve) => this.#gateway.join(REGISTRY, resolve));
    for (const node of this.#gateway.nodes) this.#ask(node);
    this.#timer = setInterval(() => this.#tellVersion(), beatMs);
    await this.#gather();
    const { isShared } = replication;
    replication.gathered();
    // Nobody would tell webhooks of what happens before this node, and those that start with it, have shared them out.
    if (!isShared) await new Promise((resolve) => setTimeout(resolve, 2 * SETTLE_MS + POLL_MS));
  }

  join(topic: string, joined: () => void): void {
    this.#gateway.join(topic, joined);
  }

  leave(topic: string): void {
    this.#gateway.leave(topic);
  }

  /** HOT: once per message of this node's workers. It goes out with {@link flush}. */
  gather(topic: string, message: Buffer): void {
    // A kept event reaches the others before the message itself.
    this.#duties?.replication.flush();
    this.#gateway.gather(topic, message);
  }

  /** What was gathered goes to the other nodes: that of one topic together, since each message costs the transport and them as much. */
  flush(): void {
    this.#gateway.flush();
  }

  /** This node ends: webhooks of what comes now are for those that stay. */
  leaveWebhooks(): void {
    this.#duties?.replication.leave();
  }

  /** Sends what waits for the others, and says goodbye, within this time. */
  async close(withinMs: number): Promise<void> {
    const endsAt = this.#now() + withinMs;
    this.#duties?.replication.flush();
    // The other half is for what follows from it.
    await this.#hearLast(withinMs / 2);
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#comingBack !== null) clearTimeout(this.#comingBack);
    // Nobody stays who could tell webhooks that the last clients have gone.
    if (!this.#isKept) this.#duties?.replication.serve();
    this.#duties?.replication.flush();
    await this.#gateway.close(endsAt - this.#now());
  }

  /** Where all end together, each tells webhooks a part of what the last clients of the others did. */
  async #hearLast(withinMs: number): Promise<void> {
    const endsAt = this.#now() + Math.min(withinMs, SETTLE_MS);
    while (!this.#isKept && this.#gateway.nodes.length > 0 && this.#now() < endsAt) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Whether a node that stays tells webhooks what happens. */
  get #isKept(): boolean {
    return this.#duties?.replication.isKept ?? false;
  }

  /** Until what all living nodes hold is known; one that does not answer is not waited for beyond the time in which it would be dead. */
  async #gather(): Promise<void> {
    const { deadMs, log } = this.#options;
    const endsAt = this.#now() + deadMs;
    for (;;) {
      const missing = this.#gateway.nodes.filter((node) => this.#versionOf(node) === null);
      if (missing.length === 0) return;
      if (this.#now() > endsAt) {
        log.warn('other nodes did not say what they hold; this one starts without', { nodes: missing });
        return;
      }
      for (const node of missing) this.#ask(node);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  #standBack(): void {
    if (this.#comingBack !== null) clearTimeout(this.#comingBack);
    this.#comingBack = null;
    this.#stoodBack = true;
    this.#duties?.replication.standBack();
  }

  /** When it has heard what it missed: that it may have been taken for dead, above all. */
  #comeBack(): void {
    if (!this.#stoodBack || !this.#gateway.isConnected) return;
    if (this.#comingBack !== null) clearTimeout(this.#comingBack);
    this.#comingBack = setTimeout(
      () => {
        this.#stoodBack = false;
        this.#duties?.replication.serve();
      },
      SETTLE_MS + 2 * this.#options.beatMs,
    );
    this.#comingBack.unref();
  }

  #versionOf(node: NodeId): number | null | undefined {
    return this.#duties?.replication.versionOf(node);
  }

  #applied(node: NodeId, applied: ReturnType<Replication['applyRemote']>): void {
    if (applied === 'needs_snapshot') this.#ask(node);
  }

  /** Not more than once in a while: an answer may be under way. */
  #ask(node: NodeId): void {
    const now = this.#now();
    if (now - (this.#askedAt.get(node) ?? Number.NEGATIVE_INFINITY) < this.#options.beatMs) return;
    this.#askedAt.set(node, now);
    this.#gateway.tell(node, { type: 'snapshot?' } satisfies SnapshotNotice);
  }

  #tellVersion(): void {
    const version = this.#duties?.replication.version;
    if (version !== undefined) this.#gateway.tellAll({ type: 'registry_version', version } satisfies SnapshotNotice);
  }

  /** What a node said before it went may come after that; nobody would clear it away again. */
  #notice(node: NodeId, notice: SnapshotNotice): void {
    if (!this.#gateway.nodes.includes(node)) return;
    switch (notice.type) {
      case 'snapshot?':
        this.#snapshots?.ask(node);
        return;
      case 'snapshot':
        this.#takeUp(node, notice);
        return;
      case 'registry_version':
        this.#compare(node, notice.version);
    }
  }

  #takeUp(node: NodeId, { id, place, of, data }: Extract<SnapshotNotice, { type: 'snapshot' }>): void {
    let gathering = this.#gathering.get(node);
    if (gathering?.id !== id) {
      gathering = { id, pieces: [] };
      this.#gathering.set(node, gathering);
    }
    // Pieces come in order; where one is missing, another snapshot is asked for.
    if (place !== gathering.pieces.length) return;
    gathering.pieces.push(Buffer.from(data, 'base64'));
    this.#askedAt.set(node, this.#now());
    if (gathering.pieces.length < of) return;
    this.#gathering.delete(node);
    const applied = this.#duties?.replication.applySnapshot(node, gathering.pieces);
    if (applied !== undefined) this.#applied(node, applied);
  }

  /** Twice the same difference: what is missing is not under way. */
  #compare(node: NodeId, version: number): void {
    const known = this.#versionOf(node);
    if (known === undefined || (known !== null && known >= version)) {
      this.#ahead.delete(node);
      return;
    }
    const before = this.#ahead.get(node);
    this.#ahead.set(node, known ?? -1);
    if (before === (known ?? -1)) this.#ask(node);
  }
}
