import { mock } from 'node:test';
import type { Random } from '@sluice/testkit';
import {
  DEAD_MS,
  MAX_DELAY_MS,
  type Peer,
  SETTLE_MS,
  type Signal,
  type SimulatedNetwork,
} from './simulated-network.ts';
import { SimulatedNode, type Webhook } from './simulated-node.ts';

interface Waiting {
  readonly dueAt: number;
  readonly signal: Signal;
}

const HEARTBEAT_MS = 100;

/** Nodes with a network between them that delays, and loses what is told to; the timers are the test's. */
export class SimulatedCluster implements SimulatedNetwork {
  readonly random: Random;
  readonly webhooks: Webhook[] = [];
  /** Those that live and have started. */
  readonly nodes: SimulatedNode[] = [];
  nowMs = 0;
  stepsPerMs = Infinity;
  deaths = 0;
  ends = 0;
  /** Messages that were under way and did not arrive. */
  lost = 0;
  readonly #starting = new Set<SimulatedNode>();
  /** Those that live, and have no clients any more. */
  readonly #ending = new Set<SimulatedNode>();
  readonly #queues = new Map<string, Waiting[]>();
  readonly #parted = new Set<string>();
  readonly #later: { readonly dueAt: number; readonly act: () => void }[] = [];
  #nextId = 1;
  #lastStart = 0;

  constructor(random: Random) {
    this.random = random;
    mock.timers.enable({ apis: ['setTimeout'] });
  }

  [Symbol.dispose](): void {
    mock.timers.reset();
  }

  get living(): SimulatedNode[] {
    return [...this.nodes, ...this.#starting, ...this.#ending];
  }

  /** The last death and start are over: all know of them, and all nodes have their share of the webhooks. */
  get isSettled(): boolean {
    return this.nowMs - this.#lastStart > 2 * DEAD_MS + 7 * SETTLE_MS;
  }

  run(ms: number): void {
    for (let i = 0; i < ms; i++) {
      this.nowMs++;
      mock.timers.tick(1);
      // The end of a turn.
      for (const node of this.living) {
        node.makeSnapshots();
        node.replication.flush();
      }
      for (const [key, queue] of this.#queues) this.#deliver(key, queue);
      const due = this.#later.filter(({ dueAt }) => dueAt <= this.nowMs);
      for (const entry of due) {
        this.#later.splice(this.#later.indexOf(entry), 1);
        entry.act();
      }
      if (this.nowMs % HEARTBEAT_MS === 0) this.#heartbeat();
    }
  }

  /** Starts a node as a gateway is to do it. */
  start(): SimulatedNode {
    const node = new SimulatedNode(this, `node-${this.#nextId++}`, this.webhooks);
    this.#starting.add(node);
    this.#lastStart = this.nowMs;
    for (const other of this.living) if (other !== node) node.meet(other.id);
    const whenGathered = (): void => {
      if (!node.knows(this.nodes)) {
        this.#after(1, whenGathered);
        return;
      }
      const { isShared } = node.replication;
      node.replication.gathered();
      // Nobody would tell webhooks of what happens before the nodes that start together have shared them out.
      this.#after(isShared ? 0 : 2 * SETTLE_MS, () => {
        this.#starting.delete(node);
        this.nodes.push(node);
      });
    };
    whenGathered();
    return node;
  }

  /** The node dies: of what it had sent, each other one gets some. */
  kill(node: SimulatedNode): void {
    this.deaths++;
    node.isAlive = false;
    node.silencedAt.push(this.nowMs);
    this.nodes.splice(this.nodes.indexOf(node), 1);
    for (const [key, queue] of this.#queues) {
      if (key.startsWith(`${node.id}>`)) queue.splice(this.random.below(queue.length + 1));
      if (key.endsWith(`>${node.id}`)) this.#queues.delete(key);
    }
    for (const other of this.living) {
      this.#after(MAX_DELAY_MS + this.random.below(DEAD_MS - MAX_DELAY_MS), () => other.drop(node.id));
    }
  }

  /** The node ends in order: its clients go on for a while, then they go, and what it says is heard before it goes itself. */
  end(node: SimulatedNode): void {
    this.ends++;
    this.#lastStart = this.nowMs;
    node.replication.leave();
    this.#after(this.random.below(4 * SETTLE_MS), () => {
      this.nodes.splice(this.nodes.indexOf(node), 1);
      this.#ending.add(node);
      for (const worker of node.workers) node.replaceWorker(worker);
      this.#after(SETTLE_MS, () => {
        node.replication.flush();
        node.isAlive = false;
        this.#ending.delete(node);
        this.#after(MAX_DELAY_MS, () => {
          for (const other of this.living) other.drop(node.id);
        });
      });
    });
  }

  /** Two nodes do not hear each other for so long that each takes the other for dead; then they meet again. */
  part(a: SimulatedNode, b: SimulatedNode): void {
    const pairs = [`${a.id}>${b.id}`, `${b.id}>${a.id}`];
    for (const pair of pairs) {
      this.#queues.delete(pair);
      this.#parted.add(pair);
    }
    a.drop(b.id);
    b.drop(a.id);
    this.#after(DEAD_MS, () => {
      for (const pair of pairs) this.#parted.delete(pair);
    });
  }

  /** A node loses its connection to all others for so long that they take it for dead; then they meet again. */
  cutOff(node: SimulatedNode): void {
    this.#lastStart = this.nowMs;
    node.silencedAt.push(this.nowMs);
    node.replication.standBack();
    const pairs = this.living.flatMap(({ id }) => [`${node.id}>${id}`, `${id}>${node.id}`]);
    for (const pair of pairs) {
      this.#queues.delete(pair);
      this.#parted.add(pair);
    }
    for (const other of this.living) {
      if (other === node) continue;
      this.#after(MAX_DELAY_MS + this.random.below(DEAD_MS - MAX_DELAY_MS), () => other.drop(node.id));
      this.#after(MAX_DELAY_MS + this.random.below(DEAD_MS - MAX_DELAY_MS), () => node.drop(other.id));
    }
    this.#after(DEAD_MS, () => {
      for (const pair of pairs) this.#parted.delete(pair);
      this.#after(SETTLE_MS + 2 * HEARTBEAT_MS, () => node.replication.serve());
    });
  }

  /** What is under way from one node to another is lost. */
  lose(from: SimulatedNode, to: SimulatedNode): void {
    this.lost += this.#queues.get(`${from.id}>${to.id}`)?.length ?? 0;
    this.#queues.delete(`${from.id}>${to.id}`);
  }

  send(from: Peer, to: string, signal: Signal): void {
    const key = `${from.id}>${to}`;
    if (this.#parted.has(key)) return;
    const queue = this.#queues.get(key) ?? [];
    const dueAt = Math.max(queue.at(-1)?.dueAt ?? 0, this.nowMs + this.random.below(MAX_DELAY_MS));
    queue.push({ dueAt, signal });
    this.#queues.set(key, queue);
  }

  broadcast(from: Peer, signal: Signal): void {
    for (const other of this.living) if (other !== from) this.send(from, other.id, signal);
  }

  #heartbeat(): void {
    for (const node of [...this.nodes, ...this.#starting]) {
      this.broadcast(node, { type: 'version', version: node.replication.version });
    }
  }

  #deliver(key: string, queue: Waiting[]): void {
    const [from = '', to = ''] = key.split('>');
    while (queue[0] !== undefined && queue[0].dueAt <= this.nowMs) {
      const signal = queue.shift()?.signal;
      const node = this.living.find(({ id }) => id === to);
      if (signal !== undefined) node?.receive(from, signal);
    }
  }

  #after(ms: number, act: () => void): void {
    this.#later.push({ dueAt: this.nowMs + ms, act });
  }
}
