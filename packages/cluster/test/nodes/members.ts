import assert from 'node:assert/strict';
import { mock } from 'node:test';
import type { DomainEvent } from '@sluice/core';
import { NodeGateway } from '../../src/nodes/index.ts';
import type { LocalHub } from '../../src/primary/local-hub.ts';
import { OtherNodes } from '../../src/primary/other-nodes.ts';
import { localHub, SILENT } from '../silent.ts';
import { FakeBackplane, FakeNetwork } from './network.ts';

export const BEAT_MS = 1000;
const DEAD_MS = 5000;
/** A newcomer has its share of the work after these at the latest. */
const MOST_BEATS = 20;
const WORKER = 1;

/** What a node's primary has, with nothing but the transport replaced. */
export class Member {
  readonly backplane: FakeBackplane;
  readonly gateway: NodeGateway;
  readonly others: OtherNodes;
  readonly hub: LocalHub;
  readonly got: string[] = [];
  /** What its webhooks were handed. */
  readonly webhooks: DomainEvent[] = [];

  constructor({ network, hasWebhooks }: Cluster, now: () => number) {
    this.backplane = new FakeBackplane(network);
    this.gateway = new NodeGateway({
      backplane: this.backplane,
      bounds: {
        outgoing: { maxMessages: 1000, maxBytes: 1_000_000, maxAgeMs: 60_000 },
        incoming: { maxHeldBytes: 1_000_000, maxHoldMs: 60_000 },
      },
      beatMs: BEAT_MS,
      deadMs: DEAD_MS,
      log: SILENT,
      now,
    });
    this.others = new OtherNodes({
      gateway: this.gateway,
      beatMs: BEAT_MS,
      deadMs: DEAD_MS,
      hasWebhooks: () => hasWebhooks,
      toldElsewhere: () => {},
      log: SILENT,
      now,
    });
    this.hub = localHub({ others: this.others, onEvent: (event) => this.webhooks.push(event) });
  }

  async start(): Promise<void> {
    const { replication } = this.hub;
    assert.ok(replication !== null);
    const deliver = (topic: string, message: Buffer): void => void this.got.push(`${topic} ${message.toString()}`);
    await this.others.start({ replication, deliver, reachable: () => {} });
  }

  /** Clients of a worker of this node. */
  subscribe(channel: string, subscriptions: number): void {
    this.hub.replication?.state.count(WORKER, { appId: '1', channel, subscriptions, announce: false });
  }

  subscribersOf(channel: string): number | undefined {
    return this.hub.replication?.state.directory.channel({ appId: '1', channel })?.subscriptions;
  }
}

/** What the transport has carried: taken from nodes, and handed to nodes. */
export interface Traffic {
  readonly taken: number;
  readonly handed: Readonly<Record<string, number>>;
}

export class Cluster {
  readonly network = new FakeNetwork();
  readonly members: Member[] = [];
  readonly hasWebhooks: boolean;
  #nowMs = 0;

  constructor({ hasWebhooks = false } = {}) {
    this.hasWebhooks = hasWebhooks;
  }

  /** One node after the other, each when those before it are there. */
  async grow(count: number): Promise<Member[]> {
    while (this.members.length < count) {
      const member = new Member(this, () => this.#nowMs);
      this.members.push(member);
      let hasStarted = false;
      const started = member.start().then(() => {
        hasStarted = true;
      });
      // Most of the time is the beat that a node waits for answers.
      while (!hasStarted) await this.pass(BEAT_MS / 2);
      await started;
    }
    return this.members;
  }

  /** Moves the time, and all that is on its way. */
  async pass(ms: number): Promise<void> {
    await this.settle();
    this.#nowMs += ms;
    mock.timers.tick(ms);
    await this.settle();
  }

  /** The ends of turns, at which changes go out, are not the mock's. */
  async settle(): Promise<void> {
    this.network.settle();
    await new Promise((resolve) => setImmediate(resolve));
    this.network.settle();
  }

  /** Of one beat, when all that newcomers ask and are told is over. */
  async atRest(): Promise<Traffic> {
    for (let beats = 0; ; beats++) {
      const traffic = await this.trafficOf(() => this.pass(BEAT_MS));
      if (Object.keys(traffic.handed).length === 1 || beats > MOST_BEATS) return traffic;
    }
  }

  async trafficOf(work: () => void | Promise<void>): Promise<Traffic> {
    const { network } = this;
    const before = { taken: network.taken, handed: new Map(network.carried) };
    await work();
    await this.settle();
    const handed = [...network.carried].map(
      ([topic, count]) => [topic, count - (before.handed.get(topic) ?? 0)] as const,
    );
    return { taken: network.taken - before.taken, handed: Object.fromEntries(handed.filter(([, count]) => count > 0)) };
  }
}
