import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { CountingSubscriber } from '../clients/counting-subscriber.ts';
import { urlOf } from '../clients/endpoint-url.ts';
import type { HttpClient } from '../clients/http-client.ts';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';
import type { Load } from '../target.ts';

const DEFAULT_LOAD: Load = { connections: 1000, seconds: 3 };
const OPENED_AT_ONCE = 50;
/** Of all subscribers together; one process of the suite takes no more with ease. */
const MAX_FRAMES_PER_SECOND = 10_000;
const MIN_INTERVAL_MS = 100;
const ARRIVAL_MS = 20_000;

interface Member {
  readonly subscriber: CountingSubscriber;
  /** Events that had been published, or were on their way, when it was subscribed. */
  readonly after: number;
}

/** Subscribers of one channel, spread over the processes of the server, and a publisher that numbers its events. */
class Crowd {
  readonly members: Member[] = [];
  readonly #context: RowContext;
  readonly #channel: string;
  readonly #http: HttpClient;
  #published = 0;

  constructor(context: RowContext) {
    this.#context = context;
    this.#channel = context.channel();
    // One process has all events, and so knows their order.
    this.#http = context.http({ agent: context.oneConnection() });
  }

  async growTo(size: number): Promise<void> {
    const from = this.members.length;
    const count = Math.min(OPENED_AT_ONCE, size - from);
    await Promise.all(Array.from({ length: count }, (_, i) => this.#open(from + i)));
  }

  async publish(): Promise<void> {
    await this.#http.publish({ channel: this.#channel, name: 'number', data: `${this.#published++}` });
  }

  /** Each member has got all events from its subscription on, once and in order. */
  async expectAll(): Promise<void> {
    const hasAll = ({ subscriber }: Member): boolean => subscriber.last === this.#published - 1;
    const arrived = async (): Promise<true | undefined> => (this.members.every(hasAll) ? true : undefined);
    await this.#context.eventually('the last event at all subscribers', arrived, ARRIVAL_MS);
    for (const { subscriber, after } of this.members) {
      assert.equal(subscriber.fault, null);
      const first = subscriber.first ?? Infinity;
      assert.ok(first <= after, `subscribed after ${after} events, it got none before number ${first}`);
    }
  }

  async #open(place: number): Promise<void> {
    const { app, endpoint: main, provides } = this.#context.target;
    const endpoints = provides['several-processes']?.endpoints ?? [main];
    const endpoint = endpoints[place % endpoints.length] ?? main;
    const url = urlOf('ws', endpoint, `/app/${app.key}?protocol=7&client=conformance&version=1.0`);
    const subscriber = new CountingSubscriber({ url, channel: this.#channel });
    this.#context.onCleanup(() => subscriber.end());
    await subscriber.subscribed();
    this.members.push({ subscriber, after: this.#published });
  }
}

/** Publishes while the crowd grows, and for some time after. */
async function judge(c: RowContext, { connections, seconds }: Load): Promise<void> {
  const crowd = new Crowd(c);
  // These are to have all events.
  await crowd.growTo(connections);
  let isOver = false;
  const publishing = (async () => {
    const intervalMs = Math.max(MIN_INTERVAL_MS, (connections / MAX_FRAMES_PER_SECOND) * 1000);
    for (; !isOver; await sleep(intervalMs)) await crowd.publish();
  })();
  const growing = (async () => {
    while (crowd.members.length < connections && !isOver) await crowd.growTo(connections);
    await sleep(seconds * 1000);
  })();
  try {
    await Promise.race([publishing, growing]);
  } finally {
    isOver = true;
  }
  await publishing;
  await crowd.expectAll();
}

export const XC_MANY: readonly Row[] = [
  {
    id: 'XC-06',
    statement:
      'Each of many subscribers (1000 for 3 s, or as many as the target says) gets each event from its subscription on, once and in order.',
    timeoutMs: 300_000,
    heavy: true,
    run: (c) => judge(c, c.target.load ?? DEFAULT_LOAD),
  },
];
