import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CountByKind } from '@sluice/core';
import type { MetricObject } from 'prom-client';
import type { OthersState } from '../src/cluster-metrics.ts';
import {
  CLUSTER_METRICS,
  type MetricSpec,
  NodeExposition,
  PRIMARY_METRICS,
  WORKER_METRICS,
  WorkerMetrics,
} from '../src/index.ts';

/** One worker as the primary sees it. */
class FakeWorker {
  readonly id: number;
  readonly metrics: WorkerMetrics;
  queuedBytes = 0;

  constructor(id: number, slot: number) {
    this.id = id;
    this.metrics = new WorkerMetrics({ prefix: 'sluice_', port: 6001, slot });
  }

  /** As it comes over the local bus. */
  async snapshot(): Promise<MetricObject[]> {
    const taken = await this.metrics.snapshot({ queuedBytes: this.queuedBytes, busDropped: 0 });
    return JSON.parse(JSON.stringify(taken)) as MetricObject[];
  }
}

class Node {
  readonly exposition = new NodeExposition({ prefix: 'sluice_', port: 6001 });
  restarts = 0;
  readonly channels = new Map<string, CountByKind>();
  readonly roundTrips = new Map<number, number>();
  webhooks = { sent: 0, failedAttempts: 0, deadLettered: 0, dropped: 0, queued: 0, inherited: 0, unsaved: 0 };

  others: OthersState | null = null;

  /** What only the primary knows. */
  get own() {
    const { channels, roundTrips, webhooks, others } = this;
    return { channels, roundTrips, webhooks, others };
  }

  /** Scrapes; those of the living that are `silent` do not answer. */
  async scrape(living: readonly FakeWorker[], silent: readonly FakeWorker[] = []): Promise<Scrape> {
    const answering = living.filter((worker) => !silent.includes(worker));
    const snapshots = new Map<number, unknown>();
    for (const worker of answering) snapshots.set(worker.id, await worker.snapshot());
    const ids = new Set(living.map(({ id }) => id));
    return new Scrape(await this.exposition.render({ snapshots, living: ids, restarts: this.restarts, ...this.own }));
  }
}

class Scrape {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The sum of all samples of a name whose labels include these. */
  value(name: string, labels: readonly string[] = []): number {
    const samples = this.text.split('\n').filter((line) => line.startsWith(`sluice_${name}{`));
    const matching = samples.filter((line) => labels.every((label) => line.includes(label)));
    return matching.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  counters(): Map<string, number> {
    const counters = new Map<string, number>();
    let isCounter = false;
    for (const line of this.text.split('\n')) {
      if (line.startsWith('# TYPE')) isCounter = /(counter|histogram)$/.test(line);
      else if (isCounter && line !== '' && !line.startsWith('#'))
        counters.set(line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' '))));
    }
    return counters;
  }
}

function busy(worker: FakeWorker, amount: number): void {
  const counters = worker.metrics.app('1001');
  counters.connections += amount;
  counters.connected += amount;
  counters.messagesSent += amount * 10;
  counters.subscriptions.presence += amount;
  worker.metrics.closed(1000);
  worker.metrics.connectionError(null, 'app_not_found');
  worker.metrics.broadcast('public', amount, 0.001);
}

function pair(): [FakeWorker, FakeWorker] {
  const workers: [FakeWorker, FakeWorker] = [new FakeWorker(1, 0), new FakeWorker(2, 1)];
  for (const worker of workers) busy(worker, 3);
  return workers;
}

describe('The exposition of a node', () => {
  it('adds up what its workers counted', async () => {
    const [one, two] = pair();
    one.queuedBytes = 10;
    two.queuedBytes = 5;
    const scrape = await new Node().scrape([one, two]);
    assert.equal(scrape.value('new_connections_total'), 6);
    assert.equal(scrape.value('connected'), 6);
    assert.equal(scrape.value('ws_messages_sent_total'), 60);
    assert.equal(scrape.value('channel_subscriptions_total', ['channel_type="presence"']), 6);
    assert.equal(scrape.value('closed_connections_total', ['code="1000"']), 2);
    assert.equal(scrape.value('connection_errors_total', ['error_type="app_not_found"', 'app_id=""']), 2);
    assert.equal(scrape.value('broadcast_duration_seconds_count'), 2);
    assert.equal(scrape.value('websocket_queued_bytes'), 15);
    assert.equal(scrape.value('workers'), 2);
  });

  it('keeps apart what belongs to one worker', async () => {
    const scrape = await new Node().scrape(pair());
    for (const worker of ['worker="0"', 'worker="1"']) {
      assert.ok(scrape.value('worker_resident_memory_bytes', [worker]) > 1_000_000);
    }
  });

  it('has every metric of both lists once, with help and type', async () => {
    const { text } = await new Node().scrape(pair());
    const all: readonly MetricSpec[] = [...Object.values(WORKER_METRICS), ...Object.values(PRIMARY_METRICS)];
    for (const { name, help, type } of all) {
      assert.equal(text.split(`# TYPE sluice_${name} ${type}\n`).length, 2, name);
      assert.ok(text.includes(`# HELP sluice_${name} ${help}\n`), name);
    }
    assert.match(new NodeExposition({ prefix: '', port: 1 }).contentType, /^text\/plain/);
  });

  it('has those of the cluster once there are other nodes, each as it was counted', async () => {
    const node = new Node();
    const counters = {
      published: 1,
      delivered: 2,
      unconfirmed: 3,
      resent: 4,
      refused: 5,
      duplicates: 6,
      gaps: 7,
      repaired: 8,
      lost: 9,
      unknown: 10,
    };
    node.others = { nodes: 2, isConnected: false, counters };
    await node.scrape(pair());
    node.others = { nodes: 4, isConnected: true, counters: { ...counters, published: 11 } };
    const scrape = await node.scrape(pair());
    const expected = { ...counters, published: 11, nodes: 5, connected: 1 };
    for (const [key, { name, type }] of Object.entries(CLUSTER_METRICS)) {
      assert.equal(scrape.value(name), expected[key as keyof typeof expected], key);
      assert.ok(scrape.text.includes(`# TYPE sluice_${name} ${type}\n`));
    }
  });

  it('never lets a counter fall when a worker departs, nor when others count on', async () => {
    const node = new Node();
    const [one, two] = pair();
    let before = (await node.scrape([one, two])).counters();
    const three = new FakeWorker(3, 0);
    const steps: readonly (readonly FakeWorker[])[] = [[two], [two, three], [two, three], [three], [three], []];
    for (const [i, living] of steps.entries()) {
      for (const worker of living) busy(worker, 1);
      const after = (await node.scrape(living)).counters();
      for (const [name, value] of before) {
        const now = after.get(name);
        assert.ok(now !== undefined && now >= value, `step ${i}: ${name} fell from ${value} to ${now}`);
      }
      before = after;
    }
    assert.equal(before.get('sluice_new_connections_total{app_id="1001",port="6001"}'), 3 + (3 + 3) + 4);
  });

  it('drops the gauges of a worker that departs', async () => {
    const node = new Node();
    const [one, two] = pair();
    await node.scrape([one, two]);
    const scrape = await node.scrape([two]);
    assert.equal(scrape.value('connected'), 3);
    assert.equal(scrape.value('workers'), 1);
    assert.equal(scrape.value('worker_resident_memory_bytes', ['worker="0"']), 0);
  });

  it('counts what a worker told in the very scrape during which it departed', async () => {
    const node = new Node();
    const [one, two] = pair();
    await node.scrape([one, two]);
    busy(one, 4);
    const snapshots = new Map<number, unknown>([
      [1, await one.snapshot()],
      [2, await two.snapshot()],
    ]);
    const text = await node.exposition.render({
      snapshots,
      living: new Set([2]),
      restarts: 0,
      ...node.own,
    });
    assert.equal(new Scrape(text).value('new_connections_total'), 10);
    assert.equal(new Scrape(text).value('connected'), 3);
    assert.equal((await node.scrape([two])).value('new_connections_total'), 10);
  });

  it('lets the last values of a silent worker stand in, and counts the missed scrape', async () => {
    const node = new Node();
    const [one, two] = pair();
    assert.equal((await node.scrape([one, two])).value('worker_scrapes_missed_total'), 0);
    busy(one, 4);
    busy(two, 1);
    const missed = await node.scrape([one, two], [one]);
    assert.equal(missed.value('worker_scrapes_missed_total'), 1);
    assert.equal(missed.value('new_connections_total'), 3 + 4);
    assert.equal(missed.value('connected'), 3 + 4);
    const back = await node.scrape([one, two]);
    assert.equal(back.value('worker_scrapes_missed_total'), 1);
    assert.equal(back.value('new_connections_total'), 7 + 4);
  });

  it('counts restarts of workers', async () => {
    const node = new Node();
    assert.equal((await node.scrape(pair())).value('worker_restarts_total'), 0);
    node.restarts = 3;
    assert.equal((await node.scrape(pair())).value('worker_restarts_total'), 3);
  });

  it('tells how many channels the node has, and how long the bus takes now', async () => {
    const node = new Node();
    node.channels.set('1', { public: 2, private: 1, presence: 0, encrypted: 0, user: 0 });
    node.roundTrips.set(0, 1.5).set(1, 20);
    const first = await node.scrape([]);
    assert.equal(first.value('active_channels', ['app_id="1"', 'channel_type="public"']), 2);
    assert.equal(first.value('active_channels'), 3);
    assert.equal(first.value('bus_round_trip_seconds', ['worker="1"']), 0.02);
    node.channels.set('1', { public: 0, private: 1, presence: 0, encrypted: 0, user: 0 });
    node.roundTrips.delete(1);
    const second = await node.scrape([]);
    assert.equal(second.value('active_channels'), 1);
    assert.ok(!second.text.includes('worker="1"'));
  });

  it('tells what webhooks counted', async () => {
    const node = new Node();
    node.webhooks = { sent: 5, failedAttempts: 2, deadLettered: 1, dropped: 4, queued: 3, inherited: 7, unsaved: 2 };
    await node.scrape([]);
    node.webhooks = { ...node.webhooks, sent: 6, queued: 0 };
    const scrape = await node.scrape([]);
    const ended = (outcome: string): number => scrape.value('webhook_events_total', [`outcome="${outcome}"`]);
    assert.deepEqual(['sent', 'dead_lettered', 'dropped'].map(ended), [6, 1, 4]);
    assert.equal(scrape.value('webhook_failed_calls_total'), 2);
    assert.equal(scrape.value('webhook_queued_events'), 0);
    assert.equal(scrape.value('webhook_inherited_events_total'), 7);
    assert.equal(scrape.value('webhook_unsaved_events'), 2);
  });

  it('gives two who scrape at the same time the same sums', async () => {
    const node = new Node();
    const workers = Array.from({ length: 4 }, (_, i) => new FakeWorker(i + 1, i));
    for (const worker of workers) busy(worker, 3);
    await node.scrape(workers);
    const snapshots = new Map<number, unknown>();
    for (const worker of workers) snapshots.set(worker.id, await worker.snapshot());
    // With each scrape another worker has departed.
    const texts = await Promise.all(
      [3, 2, 1, 0].map((left) => {
        const living = new Set(workers.slice(0, left).map(({ id }) => id));
        return node.exposition.render({ snapshots, living, restarts: 0, ...node.own });
      }),
    );
    assert.deepEqual(
      texts.map((text) => new Scrape(text).value('new_connections_total')),
      [12, 12, 12, 12],
    );
    assert.equal((await node.scrape([])).value('new_connections_total'), 12);
  });

  it('adds up a worker once whose answer comes late, in a scrape that another has overtaken', async () => {
    const node = new Node();
    const [one, two] = pair();
    await node.scrape([one, two]);
    const late = new Map<number, unknown>([
      [1, await one.snapshot()],
      [2, await two.snapshot()],
    ]);
    await node.scrape([two]);
    const text = await node.exposition.render({
      snapshots: late,
      living: new Set([2]),
      restarts: 0,
      ...node.own,
    });
    assert.equal(new Scrape(text).value('new_connections_total'), 6);
  });
});
