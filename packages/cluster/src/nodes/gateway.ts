import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backplane, Log } from '@sluice/core';
import { Answers, type AnswersOptions } from './answers.ts';
import { decodeFrame, encodeNotice, type NodeId } from './frames.ts';
import { answerParts, Doubts } from './doubts.ts';
import { Incoming, type IncomingBounds, type IncomingCounters, type Numbers } from './incoming.ts';
import { Membership } from './membership.ts';
import { isNotice, type Notice } from './notices.ts';
import { Repeats } from './repeats.ts';
import { Outgoing, type OutgoingBounds } from './outgoing.ts';

export interface GatewayBounds {
  readonly outgoing: OutgoingBounds;
  readonly incoming: IncomingBounds;
}

export interface GatewayEvents {
  /** In order for each origin and topic, each once. `body` is only lent. */
  message(origin: NodeId, topic: string, body: Buffer): void;
  /** Messages of the origin on the topic are lost. */
  lost(origin: NodeId, topic: string, numbers: Numbers): void;
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

/** Of a node that nobody gives a time. */
const CLOSE_MS = 1000;
const CLOSE_POLL_MS = 10;

/** What comes often is told of in the log once in this time. */
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
  readonly #repeats: Repeats;
  /** To those who may have missed something. */
  readonly #newest: Answers;
  /** What they are told in parts besides. */
  readonly #inParts: Answers;
  readonly #incoming: Incoming;
  readonly #membership: Membership;
  #events: GatewayEvents | null = null;
  #isConnected = false;
  #timer: NodeJS.Timeout | null = null;
  #unknown = 0;
  #turn = 0;
  /** By text. */
  readonly #saidAt = new Map<string, number>();
  readonly #doubts: Doubts;
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
    this.#repeats = new Repeats({
      outgoing: this.#outgoing,
      topicOf: (node) => TO_ONE + node,
      send: (topic, frame, confirmed) => this.#backplane.publish(topic, frame, confirmed),
      notToBeHad: (node, topic, upTo) => this.tell(node, { type: 'not_to_be_had', topic, upTo }),
    });
    const answers: AnswersOptions = {
      self: this.id,
      topicOf: (node) => TO_ONE + node,
      send: (topic, frame, confirmed) => this.#backplane.publish(topic, frame, confirmed),
    };
    this.#newest = new Answers(answers);
    this.#inParts = new Answers(answers);
    this.#incoming = new Incoming({
      bounds: options.bounds.incoming,
      beatMs: options.beatMs,
      now,
      deliver: (origin, topic, body) => this.#events?.message(origin, topic, body),
      ask: (origin, topic, numbers) => this.tell(origin, { type: 'repeat', topic, ...numbers }),
      lost: (origin, topic, numbers) => this.#events?.lost(origin, topic, numbers),
    });
    this.#doubts = new Doubts({
      incoming: this.#incoming,
      now,
      tell: (node, notice) => this.tell(node, notice),
      isThere: (node) => this.#membership.has(node),
    });
    this.#membership = new Membership({
      self: this.id,
      now,
      beatMs: options.beatMs,
      deadMs: options.deadMs,
      onJoined: (node) => this.#events?.nodeJoined(node),
      onStoodStill: () => this.#events?.stoodStill(),
      onGone: (node, reason) => {
        for (const answers of [this.#newest, this.#inParts]) answers.forget(node);
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

  /**
   * Reaches all who have joined the topic, whatever breaks, as long as it is kept. False: it was refused, since too much waits for
   * the transport, and is counted. The newest are refused, so that what was accepted stays in order and without a hole.
   */
  publish(topic: string, body: Uint8Array): boolean {
    const isTaken = this.gather(topic, body);
    this.flush();
    return isTaken;
  }

  /** HOT: as `publish`, but it goes out with {@link flush}, or whatever is published before that: what comes together goes together. */
  gather(topic: string, body: Uint8Array): boolean {
    const isTaken = this.#outgoing.add(topic, body);
    if (!isTaken) {
      const { refused } = this.#outgoing;
      const text = 'too much waits for the connection between the nodes; other nodes do not get new messages';
      this.#saySeldom(text, () => this.#options.log.error(text, { refused }));
    }
    return isTaken;
  }

  /** What was gathered goes out. */
  flush(): void {
    this.#outgoing.flush();
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
    this.#backplane.publish(TO_ONE + node, encodeNotice(this.id, notice), () => {});
  }

  /**
   * Tells one node what takes many notices, after all others that are told such things: no faster than the transport takes them, for
   * more at once would fill the buffers of those who listen. Any may be lost; when the connection breaks, those that wait.
   */
  tellInParts(node: NodeId, notices: Iterable<object>): void {
    this.#inParts.tell(node, notices);
  }

  /** Tells all nodes something that may be lost. */
  tellAll(notice: object): void {
    this.#backplane.publish(TO_ALL, encodeNotice(this.id, notice), () => {});
  }

  /** Waits until the transport has what was published, says goodbye and lets go, all within this time. */
  async close(withinMs = CLOSE_MS): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    const endsAt = performance.now() + withinMs;
    while (this.#outgoing.unconfirmed > 0 && performance.now() < endsAt) await sleep(CLOSE_POLL_MS);
    const { unconfirmed } = this.#outgoing;
    if (unconfirmed > 0) {
      this.#options.log.warn('the other nodes may not have got the last messages of this one', { unconfirmed });
    }
    this.#announce({ type: 'leave' });
    await Promise.race([this.#backplane.close(), sleep(Math.max(CLOSE_POLL_MS, endsAt - performance.now()))]);
  }

  #joinOwn(topic: string): Promise<void> {
    return new Promise((resolve) => this.#backplane.join(topic, resolve));
  }

  #connected(): void {
    this.#isConnected = true;
    this.#membership.listening();
    this.#incoming.connected();
    // Before what is sent again: whoever hears that a connection broke asks for what is missing, and takes nothing for the first.
    this.#beat();
    this.#outgoing.connected();
    for (const repairs of [this.#repeats, this.#newest, this.#inParts]) repairs.connected();
    const awayMs = Math.round(this.#doubts.hearing(this.nodes));
    if (awayMs > 0) this.#options.log.info('the connection between the nodes is back', { awayMs });
    this.#events?.connected();
  }

  #disconnected(reason: string): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.#doubts.deaf();
    // What this node published last may be lost without anybody else's connection being broken.
    this.#turn++;
    this.#membership.notListening();
    this.#outgoing.disconnected();
    for (const repairs of [this.#repeats, this.#newest, this.#inParts]) repairs.disconnected();
    for (const topic of [...this.#joining.keys()]) this.#joinUnheard(topic);
    this.#options.log.warn('the connection between the nodes is lost; messages wait until it is back', { reason });
    this.#events?.disconnected();
  }

  #tick(): void {
    this.#membership.tick();
    this.#outgoing.expire();
    this.#forgetGone();
    if (!this.#isConnected) return;
    this.#incoming.expire();
    this.#beat();
    this.#doubts.askAgain();
  }

  #forgetGone(): void {
    for (const node of this.#incoming.heard.origins) {
      if (this.#membership.has(node) || this.#incoming.heard.silentMs(node) < FORGET_MS) continue;
      this.#doubts.forget(node);
      this.#incoming.forget(node);
    }
  }

  #beat(): void {
    this.#turn++;
    this.#announce(this.#sign);
  }

  get #sign(): Notice {
    return { type: 'beat', turn: this.#turn, last: this.#outgoing.last };
  }

  #announce(notice: Notice): void {
    this.tellAll(notice);
  }

  #receive(topic: string, bytes: Buffer): void {
    const frame = decodeFrame(bytes);
    if (frame === undefined) {
      this.#unknown++;
      const text = 'a message between the nodes makes no sense here; do all nodes run the same version?';
      this.#saySeldom(text, () => this.#options.log.warn(text, { topic, unknown: this.#unknown }));
    } else if (frame.origin === this.id) {
      return;
    } else if (frame.kind === 'notice') {
      this.#notice(frame.origin, frame.notice);
    } else if (frame.kind === 'repeated') {
      this.#incoming.repeated(frame.origin, frame.topic, frame.message);
    } else {
      for (const message of frame.messages) {
        this.#incoming.heard.note(frame.origin, message.number);
        this.#incoming.receive(frame.origin, topic, message);
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
        // To the one that asks: a hundred that start together would else be answered a hundred times each.
        this.tell(origin, this.#sign);
        return;
      case 'beat':
        this.#incoming.heard.noteBeat(origin, notice.last);
        this.#membership.heard(origin);
        this.#doubts.beat(origin, notice.turn);
        return;
      case 'leave':
        this.#membership.left(origin);
        return;
      case 'tails':
        this.#newest.tell(origin, this.#answerTo(notice));
        return;
      case 'newest':
        this.#doubts.answered(origin, notice);
        return;
      case 'repeat':
        this.#repeats.wish(origin, notice.topic, notice);
        return;
      case 'not_to_be_had':
        this.#incoming.notToBeHad(origin, notice.topic, notice.upTo);
    }
  }

  /** Looked up when it is the turn of whoever asked. */
  *#answerTo({ question, since }: Extract<Notice, { type: 'tails' }>): Iterable<Notice> {
    yield* answerParts(question, this.#turn, this.#outgoing.tails(since));
  }

  #saySeldom(text: string, say: () => void): void {
    const now = this.#now();
    if (now - (this.#saidAt.get(text) ?? Number.NEGATIVE_INFINITY) < LOG_EVERY_MS) return;
    this.#saidAt.set(text, now);
    say();
  }
}
