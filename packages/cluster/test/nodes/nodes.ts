import { mock } from 'node:test';
import { type GatewayBounds, type GatewayEvents, NodeGateway } from '../../src/nodes/gateway.ts';
import { SILENT } from '../silent.ts';
import { FakeBackplane, FakeNetwork } from './network.ts';

export const BOUNDS: GatewayBounds = {
  outgoing: { maxMessages: 10_000, maxBytes: 10_000_000, maxAgeMs: 60_000 },
  incoming: { maxHeldBytes: 1_000_000, maxHoldMs: 60_000 },
};
export const BEAT_MS = 1000;
export const DEAD_MS = 5000;

/** One node that notes all it hears. */
export class Node {
  readonly backplane: FakeBackplane;
  readonly gateway: NodeGateway;
  /** By topic and origin. */
  readonly got = new Map<string, string[]>();
  readonly lost: string[] = [];
  onMessage: GatewayEvents['message'] = (origin, topic, body) => this.heard(origin, topic).push(body.toString());
  onLost: GatewayEvents['lost'] = (_origin, topic) => this.lost.push(topic);
  readonly log: string[] = [];

  constructor(network: FakeNetwork, now: () => number, bounds: GatewayBounds) {
    this.backplane = new FakeBackplane(network);
    const { backplane } = this;
    this.gateway = new NodeGateway({ backplane, bounds, beatMs: BEAT_MS, deadMs: DEAD_MS, log: SILENT, now });
  }

  start(): Promise<void> {
    return this.gateway.start({
      message: (origin, topic, body) => this.onMessage(origin, topic, body),
      lost: (origin, topic, numbers) => this.onLost(origin, topic, numbers),
      nodeJoined: (node) => this.log.push(`joined ${node}`),
      nodeGone: (node, reason) => this.log.push(`${reason} ${node}`),
      connected: () => {},
      disconnected: () => {},
      stoodStill: () => this.log.push('stood still'),
      notice: (_origin, notice) => this.log.push(JSON.stringify(notice)),
    });
  }

  heard(origin: string, topic: string): string[] {
    const key = `${topic} ${origin}`;
    const list = this.got.get(key) ?? [];
    this.got.set(key, list);
    return list;
  }
}

/** Nodes over one network, in a time that only the test moves. */
export class Nodes {
  readonly network = new FakeNetwork();
  readonly all: Node[] = [];
  #nowMs = 0;

  /** Whoever makes them resets the timers. */
  constructor(count: number, bounds: GatewayBounds = BOUNDS) {
    mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
    for (let i = 0; i < count; i++) this.add(bounds);
  }

  add(bounds: GatewayBounds = BOUNDS): Node {
    const node = new Node(this.network, () => this.#nowMs, bounds);
    this.all.push(node);
    return node;
  }

  async start(): Promise<Node[]> {
    const starting = this.all.map((node) => node.start());
    await this.pass(3);
    await Promise.all(starting);
    return this.all;
  }

  /** So many beats, with all that is on its way. */
  async pass(beats: number): Promise<void> {
    for (let i = 0; i < beats; i++) {
      for (let turns = 0; turns < 4; turns++) {
        this.network.settle();
        await Promise.resolve();
      }
      this.tick();
      this.network.settle();
    }
  }

  readonly tick = (): void => {
    this.#nowMs += BEAT_MS;
    mock.timers.tick(BEAT_MS);
  };
}
