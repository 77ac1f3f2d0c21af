import assert from 'node:assert/strict';
import type { Node } from './nodes.ts';

/** From a join to the leave, or to the end, of one topic on one node: what came of one origin. */
interface Period {
  readonly node: Node;
  readonly topic: string;
  /** By origin: its last number when the topic was joined; null: it is not yet. */
  joinedAt: Map<string, number> | null;
  isOver: boolean;
  readonly got: Map<string, number[]>;
  readonly lost: Map<string, { readonly after: number; readonly upTo: number }[]>;
}

/** At the beginning of a message: its number. */
const DIGITS = 8;

/** What the nodes of a play published, and what came of it, message by message. */
export class Observed {
  readonly #nodes: readonly Node[];
  /** By topic and origin: numbers that were accepted. */
  readonly #published = new Map<string, number[]>();
  readonly #open = new Map<string, Period>();
  readonly #periods: Period[] = [];

  readonly #bodyBytes: number;

  constructor(nodes: readonly Node[], bodyBytes: number) {
    this.#nodes = nodes;
    this.#bodyBytes = bodyBytes;
    for (const node of nodes) {
      node.onMessage = (origin, topic, body) => {
        const period = this.#open.get(`${topic} ${node.gateway.id}`);
        assert.ok(period, 'nothing comes of a topic that was left');
        listOf(period.got, origin).push(Number(body.toString('latin1', 0, DIGITS)));
      };
      node.onLost = (origin, topic, numbers) => {
        const period = this.#open.get(`${topic} ${node.gateway.id}`);
        assert.ok(period, 'nothing is told of a topic that was left');
        listOf(period.lost, origin).push(numbers);
      };
    }
  }

  get lostCount(): number {
    return this.#periods.reduce((sum, { lost }) => sum + [...lost.values()].flat().length, 0);
  }

  /** One message to each of these, in one turn. */
  publish({ gateway }: Node, ...topics: readonly string[]): void {
    for (const topic of topics) {
      const number = gateway.counters.published + 1;
      if (gateway.gather(topic, Buffer.alloc(this.#bodyBytes, String(number).padEnd(DIGITS)))) {
        listOf(this.#published, `${topic} ${gateway.id}`).push(number);
      }
    }
    gateway.flush();
  }

  join(node: Node, topic: string): void {
    const key = `${topic} ${node.gateway.id}`;
    if (this.#open.has(key)) return;
    const period: Period = { node, topic, joinedAt: null, isOver: false, got: new Map(), lost: new Map() };
    this.#open.set(key, period);
    this.#periods.push(period);
    node.gateway.join(topic, () => {
      assert.equal(period.joinedAt, null, 'told once');
      period.joinedAt = new Map(this.#nodes.map(({ gateway }) => [gateway.id, gateway.counters.published]));
    });
  }

  leave(node: Node, topic: string): void {
    const key = `${topic} ${node.gateway.id}`;
    const period = this.#open.get(key);
    if (period === undefined) return;
    node.gateway.leave(topic);
    period.isOver = true;
    this.#open.delete(key);
  }

  assertInOrder(): void {
    for (const { got } of this.#periods) {
      for (const numbers of got.values()) {
        for (const [i, number] of numbers.entries())
          assert.ok(i === 0 || number > (numbers[i - 1] ?? 0), numbers.join(', '));
      }
    }
  }

  /** Everything that was published from the join on came, or is told to be lost, and never both; of what is over, up to the last that came. */
  assertWhole(): void {
    for (const { node, topic, joinedAt, isOver, got, lost } of this.#periods) {
      if (joinedAt === null) {
        assert.ok(isOver, 'who waits is answered');
        continue;
      }
      for (const { gateway } of this.#nodes) {
        if (gateway.id === node.gateway.id) continue;
        const came = new Set(got.get(gateway.id));
        const end = isOver ? Math.max(0, ...came) : Number.POSITIVE_INFINITY;
        for (const number of this.#published.get(`${topic} ${gateway.id}`) ?? []) {
          const isLost = (lost.get(gateway.id) ?? []).some(({ after, upTo }) => after < number && number <= upTo);
          assert.ok(!(isLost && came.has(number)), `${number} came and is told to be lost`);
          if (number <= (joinedAt.get(gateway.id) ?? 0) || number > end) continue;
          assert.ok(isLost || came.has(number), `${number} on ${topic} neither came nor is told to be lost`);
        }
      }
    }
  }
}

function listOf<T>(lists: Map<string, T[]>, key: string): T[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}
