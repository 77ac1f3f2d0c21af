import { setTimeout as sleep } from 'node:timers/promises';
import { type Backplane, type BackplaneEvents, ConnectionError } from '@sluice/core';
import { inTime } from '../in-time.ts';
import { askSlots, type ClusterSlots, findSlots } from './cluster-slots.ts';
import { SHARDED } from './commands.ts';
import { type Address, describeAddress, type RedisClusterConnection } from './connection.ts';
import { PubSubLink } from './pub-sub-link.ts';
import { slotOf } from './slot.ts';

export interface RedisClusterBackplaneOptions {
  readonly connection: RedisClusterConnection;
  /** In front of every topic. With a hash tag in it, such as `{sluice}:`, all topics are on one master, and others do not matter. */
  readonly prefix: string;
  /** A server that does not answer for so long counts as gone. */
  readonly timeoutMs: number;
}

interface Interest {
  /** Called when the topic is joined, now or again. */
  readonly joined: () => void;
  link: PubSubLink;
}

/** One that decides about the slot, whatever follows it. */
const HASH_TAG = /^[^{]*\{[^}]+\}/;

/** While something is missing, the cluster is asked for its slots every so often. */
const SEARCH_MS = 250;
/** Slots may move without a sound: a replica that was made master by hand leaves the old one as its replica. */
const WATCH_MS = 5000;

/**
 * Messages between nodes by SPUBLISH and SSUBSCRIBE, which only go to the master that has the topic's slot, and its replicas.
 * There is a link to each master that may get a topic, so that a join waits for no connection. The backplane is connected
 * while all of them are: whoever publishes does not know which one a topic is on.
 */
export class RedisClusterBackplane implements Backplane {
  readonly #options: RedisClusterBackplaneOptions;
  readonly #prefixBytes: number;
  /** By address. */
  readonly #links = new Map<string, PubSubLink>();
  readonly #topics = new Map<string, Interest>();
  #slots: ClusterSlots = { masters: [], nodes: new Map() };
  /** The slots were asked for after the last loss. */
  #areSlotsFresh = false;
  #events: BackplaneEvents | null = null;
  #isConnected = false;
  #isSearching = false;
  #isClosing = false;
  #watch: NodeJS.Timeout | null = null;

  constructor(options: RedisClusterBackplaneOptions) {
    this.#options = options;
    this.#prefixBytes = Buffer.byteLength(options.prefix);
  }

  async start(events: BackplaneEvents): Promise<void> {
    const { connection, prefix, timeoutMs } = this.#options;
    try {
      await this.#adopt(await findSlots(connection, connection.nodes, timeoutMs));
      await this.#linkOf(prefix).checkRights(prefix);
    } catch (error) {
      this.#end();
      const reason = error instanceof Error ? error.message : String(error);
      const where = connection.nodes.map(describeAddress).join(', ');
      throw new ConnectionError(`no connection to the Redis Cluster at ${where}: ${reason}`);
    }
    this.#events = events;
    this.#areSlotsFresh = true;
    this.#watch = setInterval(() => void this.#look(), WATCH_MS);
    this.#watch.unref();
    this.#check();
    if (!this.#isConnected) void this.#search();
  }

  publish(topic: string, message: Uint8Array, confirmed: () => void): void {
    if (!this.#isConnected) return;
    const channel = this.#options.prefix + topic;
    this.#linkOf(channel).publish(channel, message, confirmed);
  }

  join(topic: string, joined: () => void): void {
    const channel = this.#options.prefix + topic;
    const link = this.#linkOf(channel);
    this.#topics.set(topic, { joined, link });
    link.join(channel, joined);
  }

  leave(topic: string): void {
    this.#topics.get(topic)?.link.leave(this.#options.prefix + topic);
    this.#topics.delete(topic);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#links.values()].map((link) => link.drain()));
    this.#end();
  }

  #end(): void {
    this.#isClosing = true;
    this.#isConnected = false;
    this.#events = null;
    if (this.#watch !== null) clearInterval(this.#watch);
    for (const link of this.#links.values()) link.end();
  }

  #linkOf(channel: string): PubSubLink {
    const link = this.#links.get(this.#slots.masters[slotOf(channel)] ?? '');
    if (link === undefined) throw new Error('the backplane was not started');
    return link;
  }

  /** The masters of all slots that topics may be in. */
  #mastersIn({ masters }: ClusterSlots): readonly string[] {
    const { prefix } = this.#options;
    if (!HASH_TAG.test(prefix)) return masters;
    const slot = slotOf(prefix);
    return masters.slice(slot, slot + 1);
  }

  #check(): void {
    if (this.#isConnected || this.#isClosing || !this.#areSlotsFresh || this.#events === null) return;
    for (const link of this.#links.values()) if (!link.isReady) return;
    this.#isConnected = true;
    this.#events.connected();
  }

  #lost(reason: string): void {
    this.#areSlotsFresh = false;
    if (this.#isConnected) {
      this.#isConnected = false;
      if (!this.#isClosing) this.#events?.disconnected(reason);
    }
    if (this.#events !== null) void this.#search();
  }

  /** Until all is there again: asks who has the slots now. */
  async #search(): Promise<void> {
    if (this.#isSearching) return;
    this.#isSearching = true;
    while (!this.#isConnected && !this.#isClosing) {
      await this.#look();
      await sleep(SEARCH_MS, undefined, { ref: false });
    }
    this.#isSearching = false;
  }

  async #look(): Promise<void> {
    const slots = await this.#ask();
    if (slots === undefined || this.#isClosing) return;
    const masters = this.#mastersIn(slots);
    const before = this.#mastersIn(this.#slots);
    if (masters.some((master, i) => master !== before[i])) {
      this.#lost('slots of the cluster have moved to other masters');
      const remaining = [...this.#links].filter(([address]) => masters.includes(address));
      // They are tried on and on, and say when they are ready.
      this.#adopt(slots).catch(() => {});
      for (const [, link] of remaining) void link.begin();
    }
    this.#areSlotsFresh = true;
    this.#check();
  }

  /** Undefined: nobody answers. */
  async #ask(): Promise<ClusterSlots | undefined> {
    const { connection, timeoutMs } = this.#options;
    const ready: Promise<ClusterSlots>[] = [];
    for (const [address, link] of this.#links) {
      const asked = this.#slots.nodes.get(address);
      if (link.isReady && asked !== undefined) ready.push(inTime(timeoutMs, askSlots(link.redis, asked)));
    }
    try {
      if (ready.length > 0) return await Promise.any(ready);
      return await findSlots(connection, [...connection.nodes, ...this.#slots.nodes.values()], timeoutMs);
    } catch {
      return undefined;
    }
  }

  /** Resolves when all new links are ready. */
  async #adopt(slots: ClusterSlots): Promise<void> {
    this.#slots = slots;
    const masters = new Set(this.#mastersIn(slots));
    for (const [address, link] of this.#links) {
      if (masters.has(address)) continue;
      link.end();
      this.#links.delete(address);
    }
    const connecting: Promise<void>[] = [];
    for (const master of masters) {
      const address = slots.nodes.get(master);
      if (this.#links.has(master) || address === undefined) continue;
      const link = this.#open(address);
      this.#links.set(master, link);
      connecting.push(link.connect());
    }
    this.#moveTopics();
    await Promise.all(connecting);
  }

  #moveTopics(): void {
    for (const [topic, interest] of this.#topics) {
      const channel = this.#options.prefix + topic;
      const link = this.#linkOf(channel);
      if (interest.link === link) continue;
      interest.link.leave(channel);
      interest.link = link;
      link.join(channel, interest.joined);
    }
  }

  #open(address: Address): PubSubLink {
    const { connection, timeoutMs } = this.#options;
    const { username, password, tls } = connection;
    return new PubSubLink(
      { connection: { address, db: 0, username, password, tls, sentinel: null }, commands: SHARDED, timeoutMs },
      {
        message: (channel, message) => this.#events?.message(channel.toString('utf8', this.#prefixBytes), message),
        ready: () => this.#check(),
        gone: (reason) => this.#lost(`${describeAddress(address)}: ${reason}`),
      },
    );
  }
}
