import { randomBytes } from 'node:crypto';
import type { Backplane, Log } from '@sluice/core';
import { decodeFrame, encodeNotice, type NodeId } from './frames.ts';
import { Incoming, type IncomingBounds, type IncomingCounters, type Missing } from './incoming.ts';
import { Membership } from './membership.ts';
import { isNotice, type Notice } from './notices.ts';
import { Outgoing, type OutgoingBounds } from './outgoing.ts';

export interface GatewayBounds {
  readonly outgoing: OutgoingBounds;
  readonly incoming: IncomingBounds;
}

export interface GatewayEvents {
  /** In order for each origin and topic, each once. `body` is only lent. */
  message(origin: NodeId, topic: string, body: Buffer): void;
  /** Messages of the origin on the topic are lost. */
  lost(origin: NodeId, topic: string): void;
  nodeJoined(node: NodeId): void;
  nodeGone(node: NodeId, reason: 'left' | 'dead'): void;
  /** This node can talk to the others, again or for the first time. */
  connected(): void;
  disconnected(): void;
  /** This node had been paused; others may have taken it for dead. */
  stoodStill(): void;
  /** Not numbered: it may be lost, and whoever sends one tries again. */
  notice(origin: NodeId, notice: object): void;
}

export interface GatewayOptions {
  readonly backplane: Backplane;
  readonly bounds: GatewayBounds;
  readonly beatMs: number;
  readonly deadMs: number;
  readonly log: Log;
  readonly now?: () => number;
}

export interface GatewayCounters extends IncomingCounters {
  /** Messages of this node so far. */
  readonly published: number;
  /** Waiting for the transport. */
  readonly unconfirmed: number;
  readonly refused: number;
  readonly resent: number;
  /** Frames that are none of this version. */
  readonly unknown: number;
}

const ID_BYTES = 8;

/** Topics of the gateway itself begin with what no app id does. */
const TO_ALL = '/nodes';
const TO_ONE = '/node/';

/** A node that was dead may come back from a long pause, with messages that were had before. */
const FORGET_MS = 600_000;

/** How far before a loss of the connection messages may have been lost already, with several connections that end one by one. */
const DOUBT_MS = 5000;

/** Refused messages are told of in the log once in this time. */
const LOG_EVERY_MS = 5000;

/**
 * This node among others: what it publishes reaches every node that has joined the topic, in order and once, over a transport
 * that may lose messages when a connection breaks (ADR 0012). Who lives is known by heartbeats.
 */
export class NodeGateway {
  readonly id: NodeId = randomBytes(ID_BYTES).toString('hex');
  readonly #options: GatewayOptions;
  readonly #now: () => number;
  readonly #backplane: Backplane;
  readonly #outgoing: Outgoing;
  readonly #incoming: Incoming;
  readonly #membership: Membership;
  #events: GatewayEvents | null = null;
  #isConnected = false;
  #timer: NodeJS.Timeout | null = null;
  #unknown = 0;
  #saidRefused = Number.NEGATIVE_INFINITY;
  /** Nodes that were asked what was published while this one could not hear, with the number after which. */
  readonly #resuming = new Map<NodeId, number>();
  /** Nodes that are gone, and since when. */
  readonly #gone = new Map<NodeId, number>();
  #deafSince: number | null = null;
  /** Topics that nobody was told yet are joined. */
  readonly #joining = new Map<string, () => void>();

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#backplane = options.backplane;
    const now = options.now ?? ((): number => performance.now());
    this.#now = now;
    this.#outgoing = new Outgoing({
      origin: this.id,
      bounds: options.bounds.outgoing,
      now,
      send: (topic, frame, confirmed) => this.#backplane.publish(topic, frame, confirmed),
    });
    this.#incoming = new Incoming({
      bounds: options.bounds.incoming,
      now,
      deliver: (origin, topic, body) => this.#events?.message(origin, topic, body),
      ask: (origin, missing) => this.tell(origin, { type: 'repeat', ...missing }),
      lost: (origin, topic) => this.#events?.lost(origin, topic),
    });
    this.#membership = new Membership({
      self: this.id,
      now,
      beatMs: options.beatMs,
      deadMs: options.deadMs,
      onJoined: (node) => {
        this.#gone.delete(node);
        // Whether it was this node that could not hear, or the other, is not known.
        this.#doubt(node, now());
        this.#events?.nodeJoined(node);
      },
      onStoodStill: () => this.#events?.stoodStill(),
      onGone: (node, reason) => {
        this.#gone.set(node, now());
        this.#resuming.delete(node);
        this.#events?.nodeGone(node, reason);
      },
    });
  }

  get nodes(): readonly NodeId[] {
    return this.#membership.nodes;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  get counters(): GatewayCounters {
    return {
      ...this.#incoming.counters,
      published: this.#outgoing.last,
      unconfirmed: this.#outgoing.unconfirmed,
      refused: this.#outgoing.refused,
      resent: this.#outgoing.resent,
      unknown: this.#unknown,
    };
  }

  /** Connects, and resolves when the other nodes have had the time to say that they are there. Rejects where that is not possible. */
  async start(events: GatewayEvents): Promise<void> {
    this.#events = events;
    await this.#backplane.start({
      message: (topic, frame) => this.#receive(topic, frame),
      connected: () => this.#connected(),
      disconnected: (reason) => this.#disconnected(reason),
    });
    await Promise.all([TO_ALL, TO_ONE + this.id].map((topic) => this.#joinOwn(topic)));
    this.#beat();
    this.#timer = setInterval(() => this.#tick(), this.#options.beatMs);
    this.#announce({ type: 'who' });
    await new Promise((resolve) => setTimeout(resolve, this.#options.beatMs));
  }

  /** The number that the next message gets is one more. */
  get lastNumber(): number {
    return this.#outgoing.last;
  }

  /** False: it was refused, since too much waits for the transport, and is counted. */
  publish(topic: string, body: Uint8Array): boolean {
    const isTaken = this.#outgoing.publish(topic, body);
    if (!isTaken) this.#sayRefused();
    return isTaken;
  }

  /**
   * `joined` is called once, when everything published from then on will come. While there is no connection that is at once:
   * what others publish meanwhile waits with them, and comes, or is asked for, when the connection is back.
   */
  join(topic: string, joined: () => void): void {
    this.#joining.set(topic, joined);
    this.#backplane.join(topic, () => {
      this.#incoming.joined(topic);
      this.#settle(topic);
    });
    if (!this.#isConnected) this.#joinUnheard(topic);
  }

  leave(topic: string): void {
    this.#joining.delete(topic);
    this.#backplane.leave(topic);
    this.#incoming.left(topic);
  }

  #joinUnheard(topic: string): void {
    this.#incoming.joinedUnheard(topic);
    this.#settle(topic);
  }

  #settle(topic: string): void {
    const joined = this.#joining.get(topic);
    this.#joining.delete(topic);
    joined?.();
  }

  /** Tells one node something that may be lost. */
  tell(node: NodeId, notice: object): void {
    this.#send(TO_ONE + node, notice);
  }

  /** Tells all nodes something that may be lost. */
  tellAll(notice: object): void {
    this.#send(TO_ALL, notice);
  }

  /** Says goodbye and lets go. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#announce({ type: 'leave' });
    await this.#backplane.close();
  }

  #joinOwn(topic: string): Promise<void> {
    return new Promise((resolve) => this.#backplane.join(topic, resolve));
  }

  #connected(): void {
    this.#isConnected = true;
    this.#membership.listening();
    this.#incoming.connected();
    this.#outgoing.connected();
    this.#beat();
    this.#resume();
    this.#events?.connected();
  }

  #disconnected(reason: string): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.#deafSince ??= this.#now();
    this.#membership.notListening();
    this.#outgoing.disconnected();
    this.#incoming.disconnected();
    for (const topic of [...this.#joining.keys()]) this.#joinUnheard(topic);
    this.#options.log.warn('the connection between the nodes is lost; messages wait until it is back', { reason });
    this.#events?.disconnected();
  }

  /** Asks every node what it published while this one could not hear. */
  #resume(): void {
    const { log } = this.#options;
    if (this.#deafSince !== null) {
      log.info('the connection between the nodes is back', { awayMs: Math.round(this.#now() - this.#deafSince) });
      for (const node of this.#membership.nodes) this.#doubt(node, this.#deafSince);
    }
    this.#deafSince = null;
    this.#askTails();
  }

  /** What the node published since a time may have been missed. */
  #doubt(node: NodeId, since: number): void {
    if (!this.#resuming.has(node)) this.#resuming.set(node, this.#incoming.heardAt(node, since - DOUBT_MS));
  }

  #askTails(): void {
    for (const [node, since] of this.#resuming) this.tell(node, { type: 'tails', since });
  }

  #tick(): void {
    this.#membership.tick();
    this.#outgoing.expire();
    for (const [node, since] of this.#gone) {
      if (this.#now() - since < FORGET_MS) continue;
      this.#gone.delete(node);
      this.#incoming.forget(node);
    }
    if (!this.#isConnected) return;
    this.#incoming.expire();
    this.#beat();
    this.#askTails();
  }

  #beat(): void {
    this.#announce({ type: 'beat', last: this.#outgoing.last });
  }

  #announce(notice: Notice): void {
    this.tellAll(notice);
  }

  #send(topic: string, notice: object): void {
    this.#backplane.publish(topic, encodeNotice(this.id, notice), () => {});
  }

  #receive(topic: string, bytes: Buffer): void {
    const frame = decodeFrame(bytes);
    if (frame === undefined) {
      this.#unknown++;
    } else if (frame.origin === this.id) {
      return;
    } else if (frame.kind === 'notice') {
      this.#notice(frame.origin, frame.notice);
    } else {
      const { origin, message } = frame;
      if (frame.kind === 'repeated') this.#incoming.repeated(origin, frame.topic, message);
      else {
        this.#incoming.heard(origin, message.number);
        this.#incoming.receive(origin, topic, message);
      }
    }
  }

  #notice(origin: NodeId, notice: unknown): void {
    if (!isNotice(notice)) {
      if (typeof notice === 'object' && notice !== null) this.#events?.notice(origin, notice);
      else this.#unknown++;
      return;
    }
    switch (notice.type) {
      case 'who':
        this.#membership.heard(origin);
        this.#beat();
        return;
      case 'beat':
        this.#incoming.heard(origin, notice.last);
        this.#membership.heard(origin);
        return;
      case 'leave':
        this.#membership.left(origin);
        return;
      case 'tails':
        this.tell(origin, { type: 'newest', since: notice.since, ...this.#outgoing.tails(notice.since) });
        return;
      case 'newest':
        this.#newest(origin, notice);
        return;
      case 'repeat':
        this.#repeat(origin, notice);
        return;
      case 'not_to_be_had':
        this.#incoming.notToBeHad(origin, notice.topic, notice.upTo);
    }
  }

  #newest(origin: NodeId, { since, topics }: Extract<Notice, { type: 'newest' }>): void {
    if (this.#resuming.get(origin) !== since) return;
    this.#resuming.delete(origin);
    for (const [topic, number] of topics) this.#incoming.newest(origin, topic, number);
  }

  #repeat(origin: NodeId, { topic, after, upTo }: Missing): void {
    const { lostUpTo, frames } = this.#outgoing.repeats(topic, after, upTo);
    if (lostUpTo > after) this.tell(origin, { type: 'not_to_be_had', topic, upTo: Math.min(lostUpTo, upTo) });
    for (const frame of frames) this.#backplane.publish(TO_ONE + origin, frame, () => {});
  }

  #sayRefused(): void {
    const now = this.#now();
    if (now - this.#saidRefused < LOG_EVERY_MS) return;
    this.#saidRefused = now;
    this.#options.log.error(
      'too much waits for the connection between the nodes; other nodes do not get new messages',
      {
        refused: this.#outgoing.refused,
      },
    );
  }
}
