import type { Backplane, BackplaneEvents } from '@sluice/core';

interface Sent {
  readonly topic: string;
  readonly message: Buffer;
  readonly confirmed: () => void;
}

/** One node's way to the others in this process. What is on its way is lost when its connection breaks, as in Redis and NATS. */
export class FakeBackplane implements Backplane {
  readonly topics = new Set<string>();
  readonly #network: FakeNetwork;
  #events: BackplaneEvents | null = null;
  readonly #onJoined = new Map<string, () => void>();
  /** Handed over, not yet with the server. */
  outbox: Sent[] = [];
  /** Come from the server, not yet read. */
  inbox: (() => void)[] = [];
  isConnected = false;

  constructor(network: FakeNetwork) {
    this.#network = network;
    network.members.push(this);
  }

  async start(events: BackplaneEvents): Promise<void> {
    this.#events = events;
    this.connect();
  }

  publish(topic: string, message: Uint8Array, confirmed: () => void): void {
    if (this.isConnected) this.outbox.push({ topic, message: Buffer.from(message), confirmed });
  }

  join(topic: string, joined: () => void): void {
    this.#onJoined.set(topic, joined);
    if (this.isConnected) this.#subscribe(topic);
  }

  leave(topic: string): void {
    this.#onJoined.delete(topic);
    this.topics.delete(topic);
  }

  async close(): Promise<void> {
    while (this.outbox.length > 0) this.#network.carry(this);
    this.isConnected = false;
  }

  connect(): void {
    this.isConnected = true;
    for (const topic of this.#onJoined.keys()) this.topics.add(topic);
    this.#events?.connected();
    for (const topic of this.#onJoined.keys()) this.#subscribe(topic);
  }

  /** What is on its way, in either direction, is lost; some of it may have come to the server. */
  disconnect(): void {
    if (!this.isConnected) return;
    this.isConnected = false;
    this.topics.clear();
    this.outbox = [];
    this.inbox = [];
    this.#events?.disconnected('cut by the test');
  }

  /** Its server has confirmed so much, and dies before it passed it on. */
  swallow(count: number): void {
    for (const { confirmed } of this.outbox.splice(0, count)) confirmed();
    this.disconnect();
  }

  give(topic: string, message: Buffer): void {
    this.inbox.push(() => this.#events?.message(topic, message));
  }

  #subscribe(topic: string): void {
    this.inbox.push(() => {
      this.topics.add(topic);
      this.#onJoined.get(topic)?.();
    });
  }
}

/** The server between them. */
export class FakeNetwork {
  readonly members: FakeBackplane[] = [];
  /** Messages taken from members. */
  taken = 0;
  /** Messages carried to members, by topic. */
  readonly carried = new Map<string, number>();
  carriedBytes = 0;
  /** Bytes of the largest of them. */
  largest = 0;
  /** Every message comes twice. */
  isDoubling = false;
  /** Members that the others cannot reach, though their connection stands. */
  #island: ReadonlySet<FakeBackplane> = new Set();

  /** Nobody notices, as when two servers of a cluster lose each other. */
  part(island: Iterable<FakeBackplane>): void {
    this.#island = new Set(island);
  }

  heal(): void {
    this.part([]);
  }

  /** One message comes from a member to the server, and from there on its way to all who joined. */
  carry(from: FakeBackplane): boolean {
    const sent = from.outbox.shift();
    if (sent === undefined) return false;
    this.largest = Math.max(this.largest, sent.message.length);
    this.taken++;
    for (const member of this.members) {
      if (!member.isConnected || !member.topics.has(sent.topic)) continue;
      if (this.#island.has(member) !== this.#island.has(from)) continue;
      this.carried.set(sent.topic, (this.carried.get(sent.topic) ?? 0) + 1);
      this.carriedBytes += sent.message.length;
      member.give(sent.topic, sent.message);
      if (this.isDoubling) member.give(sent.topic, sent.message);
    }
    from.inbox.push(sent.confirmed);
    return true;
  }

  read(by: FakeBackplane): boolean {
    const next = by.inbox.shift();
    next?.();
    return next !== undefined;
  }

  /** Until nothing is on its way. */
  settle(): void {
    for (let isMoving = true; isMoving;) {
      isMoving = false;
      for (const member of this.members) {
        if (this.carry(member)) isMoving = true;
        if (this.read(member)) isMoving = true;
      }
    }
  }
}
