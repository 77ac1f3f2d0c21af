import assert from 'node:assert/strict';
import type { DomainEvent, JoinAnswer } from '@sluice/core';
import { createSocketId } from '@sluice/protocol';
import { NodeRegistry } from '../src/registry/node-registry.ts';
import type { Replication } from '../src/registry/replication.ts';

export const APP = '1001';
export const ROOM = 'presence-room';

/** A registry with what it said to workers, to webhooks and to other nodes. */
export class Node {
  readonly id: string;
  readonly events: string[] = [];
  readonly webhooks: DomainEvent[] = [];
  /** What other nodes have told webhooks, as far as it has heard. */
  readonly toldElsewhere: DomainEvent[] = [];
  readonly sent: Buffer[] = [];
  nowMs = 0;
  readonly registry: NodeRegistry;
  readonly replication: Replication;

  constructor(id: string) {
    this.id = id;
    const to = (workers: ReadonlySet<number>): string => [...workers].join('+') || 'nobody';
    this.registry = new NodeRegistry({
      now: () => this.nowMs,
      cache: { maxEvents: 100, maxBytes: 1_000_000 },
      cluster: {
        self: id,
        hasWebhooks: () => true,
        toldElsewhere: (event) => this.toldElsewhere.push(event),
        settleMs: 100,
        deadNodeMs: 1000,
        onChange: (message) => this.sent.push(message),
      },
      listener: {
        memberAdded: (workers, { member }) => this.events.push(`+${member.userId} to ${to(workers)}`),
        memberRemoved: (workers, { userId }) => this.events.push(`-${userId} to ${to(workers)}`),
        subscriptionCount: (workers, { channel, count }) => this.events.push(`${channel} ${count} to ${to(workers)}`),
        userOnline: (workers, user) => this.events.push(`${JSON.stringify(user)} online to ${to(workers)}`),
        userOffline: (workers, { userId }) => this.events.push(`${userId} offline to ${to(workers)}`),
        userTerminated: (user) => this.events.push(`${JSON.stringify(user)} terminated`),
        happened: (event) => this.webhooks.push(event),
      },
    });
    assert.ok(this.registry.replication !== null);
    this.replication = this.registry.replication;
  }

  join(worker: number, userId: string, maxMembers = 100_000): JoinAnswer {
    let given: JoinAnswer | undefined;
    const member = { userId, info: 'null' };
    const request = { appId: APP, channel: ROOM, socketId: createSocketId(), member, maxMembers };
    this.registry.join(worker, request, (answer) => (given = answer));
    assert.ok(given !== undefined);
    return given;
  }

  leave(worker: number, userId: string): void {
    this.registry.leave(worker, { appId: APP, channel: ROOM, userId });
  }

  count(worker: number, subscriptions: number, channel = 'news'): void {
    this.registry.count(worker, { appId: APP, channel, subscriptions, announce: true });
  }

  users(): string[] {
    return this.registry.users(APP, ROOM).sort();
  }

  takeEvents(): string[] {
    return this.events.splice(0);
  }

  /** What it has to say, at once. */
  take(): Buffer[] {
    this.replication.stream.flushAll();
    return this.sent.splice(0);
  }

  /** Hands everything that it has to say to the others. */
  tell(...others: readonly Node[]): void {
    for (const message of this.take()) {
      for (const other of others) assert.equal(other.replication.applyRemote(this.id, message), 'applied');
    }
  }

  meet(other: Node): void {
    this.replication.addNode(other.id);
    assert.equal(this.replication.applySnapshot(other.id, wholeSnapshot(other.replication)), 'applied');
    other.sent.length = 0;
  }
}

/** Nothing changes while it is made. */
export function wholeSnapshot(replication: Replication): Buffer[] {
  const steps = replication.snapshot();
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Nodes that know each other. */
export function nodes<Ids extends readonly string[]>(...ids: Ids): { [I in keyof Ids]: Node } {
  const all = ids.map((id) => new Node(id));
  for (const node of all) for (const other of all) if (other !== node) node.meet(other);
  return all as { [I in keyof Ids]: Node };
}
