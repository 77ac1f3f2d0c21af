import assert from 'node:assert/strict';
import type { DomainEvent } from '@sluice/core';
import { assertNever, createSocketId, type SocketId } from '@sluice/protocol';
import { NodeRegistry } from '../src/registry/node-registry.ts';
import type { Replication } from '../src/registry/replication.ts';
import {
  DEAD_MS,
  MAX_DELAY_MS,
  type Peer,
  SETTLE_MS,
  type Signal,
  type SimulatedNetwork,
} from './simulated-network.ts';

export const APP = '1001';

export interface Webhook {
  readonly at: number;
  readonly node: SimulatedNode;
  readonly event: DomainEvent;
}

/** A client on a presence channel, with the list of members as pusher-js would keep it. */
export interface Client {
  readonly worker: number;
  readonly socketId: SocketId;
  readonly channel: string;
  readonly userId: string;
  readonly view: Set<string>;
}

/** A node whose workers are known by what the registry tells them. */
export class SimulatedNode {
  readonly id: string;
  readonly registry: NodeRegistry;
  readonly replication: Replication;
  readonly clients = new Set<Client>();
  /** By worker: subscribers of each channel. */
  readonly counts = new Map<number, Map<string, number>>();
  /** By worker: connections signed in as each user. */
  readonly signedIn = new Map<number, string[]>();
  /** By worker: slots held. */
  readonly slots = new Map<number, number>();
  /** By worker: who is watched, and thought to be online. */
  readonly watched = new Map<number, Map<string, boolean>>();
  readonly terminated: string[] = [];
  workers = [1, 2];
  isAlive = true;
  /** When it died, or was cut off: what it had just said may be heard by nobody. */
  readonly silencedAt: number[] = [];
  readonly #network: SimulatedNetwork;
  readonly #known = new Set<string>();
  readonly #askedAt = new Map<string, number>();
  /** Those that are made, for those that asked. */
  #snapshots: { readonly to: string; readonly steps: Iterator<void, Buffer[]> }[] = [];
  #nextWorker = 3;

  constructor(network: SimulatedNetwork, id: string, webhooks: Webhook[]) {
    this.id = id;
    this.#network = network;
    this.registry = new NodeRegistry({
      now: () => network.nowMs,
      cache: { maxEvents: 100, maxBytes: 1_000_000 },
      cluster: {
        self: id,
        hasWebhooks: () => true,
        toldElsewhere: () => {},
        settleMs: SETTLE_MS,
        deadNodeMs: DEAD_MS + MAX_DELAY_MS,
        onChange: (bytes) => {
          if (this.isAlive) network.broadcast(this, { type: 'changes', bytes });
        },
      },
      listener: {
        memberAdded: (workers, { channel, member, socketId }) => {
          for (const client of this.#clientsOf(workers, channel)) {
            if (client.socketId === socketId) continue;
            assert.ok(!client.view.has(member.userId), `added ${member.userId} to one who had it, on ${id}`);
            client.view.add(member.userId);
          }
        },
        memberRemoved: (workers, { channel, userId }) => {
          for (const client of this.#clientsOf(workers, channel)) {
            assert.ok(client.view.delete(userId), `removed ${userId} from one who had it not, on ${id}`);
          }
        },
        subscriptionCount: () => {},
        userOnline: (workers, { userId }) => this.#turn(workers, userId, true),
        userOffline: (workers, { userId }) => this.#turn(workers, userId, false),
        userTerminated: ({ userId }) => this.terminated.push(userId),
        happened: (event) => {
          if (this.isAlive) webhooks.push({ at: network.nowMs, node: this, event });
        },
      },
    });
    assert.ok(this.registry.replication !== null);
    this.replication = this.registry.replication;
  }

  receive(from: string, signal: Signal): void {
    const { replication } = this;
    switch (signal.type) {
      case 'changes':
        if (replication.applyRemote(from, signal.bytes) === 'needs_snapshot') this.#ask(from);
        return;
      case 'version':
        if (!this.#known.has(from)) this.meet(from);
        else if (replication.versionOf(from) !== signal.version) this.#ask(from);
        return;
      case 'ask':
        this.#snapshots.push({ to: from, steps: replication.snapshot() });
        if (this.#network.stepsPerMs === Infinity) this.makeSnapshots();
        return;
      case 'snapshot':
        if (replication.applySnapshot(from, signal.pieces) === 'needs_snapshot') this.#ask(from);
        return;
      default:
        assertNever(signal);
    }
  }

  /** The next steps of each snapshot that is made. */
  makeSnapshots(): void {
    this.#snapshots = this.#snapshots.filter(({ to, steps }) => {
      for (let left = this.#network.stepsPerMs; left > 0; left--) {
        const step = steps.next();
        if (step.done !== true) continue;
        this.#network.send(this, to, { type: 'snapshot', pieces: step.value });
        return false;
      }
      return true;
    });
  }

  meet(node: string): void {
    this.#known.add(node);
    this.replication.addNode(node);
    this.#ask(node);
  }

  drop(node: string): void {
    this.#known.delete(node);
    if (this.isAlive) this.replication.dropNode(node);
  }

  knows(nodes: readonly Peer[]): boolean {
    return nodes.every(({ id }) => this.replication.versionOf(id) !== null);
  }

  join(worker: number, channel: string, userId: string): void {
    const socketId = createSocketId();
    const request = { appId: APP, channel, socketId, member: { userId, info: 'null' }, maxMembers: 100 };
    this.registry.join(worker, request, (answer) => {
      assert.ok(answer !== 'full');
      const view = new Set(answer.map((member) => member.userId));
      this.clients.add({ worker, socketId, channel, userId, view });
    });
  }

  leave(client: Client): void {
    this.clients.delete(client);
    this.registry.leave(client.worker, { appId: APP, channel: client.channel, userId: client.userId });
  }

  subscribe(worker: number, channel: string, subscriptions: number): void {
    entry(this.counts, worker, () => new Map<string, number>()).set(channel, subscriptions);
    this.registry.count(worker, { appId: APP, channel, subscriptions, announce: true });
  }

  signIn(worker: number, userId: string): void {
    entry(this.signedIn, worker, (): string[] => []).push(userId);
    this.registry.userJoined(worker, { appId: APP, userId });
  }

  signOut(worker: number): void {
    const userId = this.signedIn.get(worker)?.shift();
    if (userId !== undefined) this.registry.userLeft(worker, { appId: APP, userId });
  }

  watch(worker: number, userIds: readonly string[]): void {
    const online = new Set(this.registry.watch(worker, APP, userIds));
    const watched = entry(this.watched, worker, () => new Map<string, boolean>());
    for (const userId of userIds) watched.set(userId, online.has(userId));
  }

  takeSlot(worker: number, name: string): void {
    if (!this.registry.acquire(worker, { name, max: 1000 })) return;
    this.slots.set(worker, (this.slots.get(worker) ?? 0) + 1);
  }

  giveSlotBack(worker: number, name: string): void {
    const held = this.slots.get(worker) ?? 0;
    if (held === 0) return;
    this.slots.set(worker, held - 1);
    this.registry.release(worker, name);
  }

  replaceWorker(worker: number): void {
    this.workers = this.workers.map((each) => (each === worker ? this.#nextWorker++ : each));
    for (const client of this.clients) if (client.worker === worker) this.clients.delete(client);
    for (const held of [this.counts, this.signedIn, this.slots, this.watched]) held.delete(worker);
    this.registry.dropOwner(worker);
  }

  #ask(node: string): void {
    const { nowMs } = this.#network;
    if (nowMs - (this.#askedAt.get(node) ?? -Infinity) < 50) return;
    this.#askedAt.set(node, nowMs);
    this.#network.send(this, node, { type: 'ask' });
  }

  #clientsOf(workers: ReadonlySet<number>, channel: string): Client[] {
    return [...this.clients].filter((client) => workers.has(client.worker) && client.channel === channel);
  }

  #turn(workers: ReadonlySet<number>, userId: string, isOnline: boolean): void {
    for (const worker of workers) {
      const watched = this.watched.get(worker);
      assert.equal(watched?.get(userId), !isOnline, `${userId} turned to what it was`);
      watched?.set(userId, isOnline);
    }
  }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
