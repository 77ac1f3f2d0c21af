import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppCounters, ConnectionErrorType, DeltaCounters } from '@sluice/core';
import type { MetricObject } from 'prom-client';
import { type MetricSpec, WORKER_METRICS, WorkerMetrics } from '../src/index.ts';

const OPTIONS = { prefix: 'sluice_', port: 6001, slot: 2 };
const GAUGES = { queuedBytes: 77, busDropped: 5 };

/** Gives every number a value of its own. */
function fill(counters: AppCounters | DeltaCounters, from: number): void {
  let next = from;
  for (const [name, value] of Object.entries(counters)) {
    if (typeof value === 'number') Object.assign(counters, { [name]: next++ });
    else for (const kind of Object.keys(value)) Object.assign(value, { [kind]: next++ });
  }
}

interface WithValues {
  readonly values: readonly (Omit<Sample, 'name'> & { readonly metricName?: string })[];
}

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

function samplesOf(snapshot: readonly MetricObject[], name: string): Sample[] {
  // What prom-client gives has values, though the type of its method does not say so.
  const metric = snapshot.find((each) => each.name === name) as WithValues | undefined;
  return (metric?.values ?? []).map(({ metricName, labels, value }) => ({ name: metricName ?? name, labels, value }));
}

async function fullSnapshot(): Promise<MetricObject[]> {
  const metrics = new WorkerMetrics(OPTIONS);
  fill(metrics.app('1001'), 1);
  fill(metrics.deltas, 1);
  metrics.deltas.pooled = 1000;
  metrics.connectionError(null, 'app_not_found');
  metrics.closed(1000);
  metrics.broadcast('public', 5, 0.003);
  // The delay of the loop is sampled every 10 ms.
  await sleep(40);
  return metrics.snapshot(GAUGES);
}

describe('The metrics of a worker', () => {
  it('hold every metric of the list, each really fed and with its labels', async () => {
    const snapshot = await fullSnapshot();
    for (const spec of Object.values<MetricSpec>(WORKER_METRICS)) {
      const samples = samplesOf(snapshot, `sluice_${spec.name}`);
      assert.ok(
        samples.some(({ value }) => value > 0),
        spec.name,
      );
      for (const { labels } of samples) {
        const names = Object.keys(labels).filter((name) => name !== 'le');
        assert.deepEqual(names.sort(), [...spec.labels].sort(), spec.name);
      }
    }
    assert.deepEqual(
      snapshot.map(({ name }) => name).sort(),
      Object.values(WORKER_METRICS)
        .map(({ name }) => `sluice_${name}`)
        .sort(),
    );
  });

  it('have the help and the type of the list', async () => {
    const snapshot = await fullSnapshot();
    for (const { name, help, type } of Object.values<MetricSpec>(WORKER_METRICS)) {
      const metric = snapshot.find((each) => each.name === `sluice_${name}`);
      assert.deepEqual([metric?.help, String(metric?.type)], [help, type]);
    }
  });

  it('show the number of an app that each is fed from, and no other', async () => {
    const metrics = new WorkerMetrics(OPTIONS);
    const counters = metrics.app('1001');
    fill(counters, 100);
    fill(metrics.app('other'), 1);
    const snapshot = await metrics.snapshot(GAUGES);
    const valueOf = (name: string, kind?: string): number | undefined => {
      const of = samplesOf(snapshot, `sluice_${name}`).filter(({ labels }) => labels['app_id'] === '1001');
      return of.find(({ labels }) => kind === undefined || (labels['channel_type'] ?? labels['limiter_type']) === kind)
        ?.value;
    };
    for (const [field, value] of Object.entries(counters)) {
      const { name } = WORKER_METRICS[field as keyof AppCounters];
      if (typeof value === 'number') assert.equal(valueOf(name), value, field);
      else
        for (const [kind, count] of Object.entries(value)) assert.equal(valueOf(name, kind), count, `${field} ${kind}`);
    }
  });

  it('count requests under their address apart from those of apps', async () => {
    const metrics = new WorkerMetrics(OPTIONS);
    metrics.addressChecked('http_api', 'taken');
    metrics.addressChecked('http_api', 'refused');
    metrics.addressChecked('websocket_upgrade', 'taken');
    const snapshot = await metrics.snapshot(GAUGES);
    const of = (name: string): unknown[] =>
      samplesOf(snapshot, name).map(({ labels, value }) => [
        labels['app_id'],
        labels['limiter_type'],
        labels['request_context'],
        value,
      ]);
    assert.deepEqual(of('sluice_rate_limit_checks_total'), [
      ['global', 'address', 'http_api', 2],
      ['global', 'address', 'websocket_upgrade', 1],
    ]);
    assert.deepEqual(of('sluice_rate_limit_triggered_total'), [['global', 'address', 'http_api', 1]]);
  });

  it('count what is counted once however often they are read', async () => {
    const metrics = new WorkerMetrics(OPTIONS);
    metrics.app('1001').connections = 3;
    await metrics.snapshot(GAUGES);
    metrics.app('1001').connections = 4;
    const snapshot = await metrics.snapshot(GAUGES);
    assert.deepEqual(
      samplesOf(snapshot, 'sluice_new_connections_total').map(({ value }) => value),
      [4],
    );
    assert.deepEqual(
      samplesOf(snapshot, 'sluice_bus_dropped_messages_total').map(({ value }) => value),
      [5],
    );
    assert.deepEqual(
      samplesOf(snapshot, 'sluice_websocket_queued_bytes').map(({ value }) => value),
      [77],
    );
  });

  it('give the same counters for the same app', () => {
    const metrics = new WorkerMetrics(OPTIONS);
    assert.equal(metrics.app('__proto__'), metrics.app('__proto__'));
    assert.notEqual(metrics.app('a'), metrics.app('b'));
  });

  it('give a label to close codes that standards name, and one to all others', async () => {
    const metrics = new WorkerMetrics(OPTIONS);
    for (const code of [1000, 1006, 4100, 4202, 3999, 4999, 4999, 0]) metrics.closed(code);
    const samples = samplesOf(await metrics.snapshot(GAUGES), 'sluice_closed_connections_total');
    const byCode = samples.map(({ labels, value }) => `${labels['code']}: ${value}`);
    assert.deepEqual(byCode, ['1000: 1', '1006: 1', '4100: 1', '4202: 1', 'other: 4']);
  });

  it('tell refused handshakes apart by app and reason', async () => {
    const metrics = new WorkerMetrics(OPTIONS);
    const refusals: readonly (readonly [string | null, ConnectionErrorType])[] = [
      [null, 'app_not_found'],
      ['1', 'over_quota'],
      ['1', 'over_quota'],
    ];
    for (const [app, type] of refusals) metrics.connectionError(app, type);
    const samples = samplesOf(await metrics.snapshot(GAUGES), 'sluice_connection_errors_total');
    assert.deepEqual(
      samples.map(({ labels, value }) => [labels['app_id'], labels['error_type'], value]),
      [
        ['', 'app_not_found', 1],
        ['1', 'over_quota', 2],
      ],
    );
  });

  it('sort broadcasts by the size of their audience, in seconds', async () => {
    const metrics = new WorkerMetrics(OPTIONS);
    for (const recipients of [0, 10, 11, 100, 101, 1000, 1001, 10_000, 10_001])
      metrics.broadcast('presence', recipients, 0.002);
    const samples = samplesOf(await metrics.snapshot(GAUGES), 'sluice_broadcast_duration_seconds');
    const counts = samples.filter(({ name }) => name.endsWith('_count'));
    assert.deepEqual(
      counts.map(({ labels, value }) => [labels['recipient_count_bucket'], value]),
      [
        ['xs', 2],
        ['sm', 2],
        ['md', 2],
        ['lg', 2],
        ['xl', 1],
      ],
    );
    const below = samples.filter(({ labels }) => labels['recipient_count_bucket'] === 'xl' && labels['le'] === 0.0025);
    assert.deepEqual(
      below.map(({ value }) => value),
      [1],
    );
  });
});
