import {
  ALGORITHMS,
  type ConnectionErrorType,
  FULL_REASONS,
  PLAIN_REASONS,
  POOL_LOSSES,
  RATE_KINDS,
} from '@sluice/core';
import { CHANNEL_KINDS } from '@sluice/protocol';
import { CLUSTER_METRICS, type MetricSpec, PRIMARY_METRICS, WORKER_METRICS } from '@sluice/telemetry';
import { code, generatedPage, table } from './markdown.ts';

/** The default of `metrics.prometheus.prefix`. */
const PREFIX = 'sluice_';

const INTRODUCTION = `\`GET /metrics\` on the metrics port (9601 unless \`metrics.port\` says otherwise) gives one exposition for the
whole node. Names begin with \`metrics.prometheus.prefix\`, which is \`${PREFIX}\` by default. What a worker counted stays in the sums
after the worker has gone, as of the last scrape that it answered. How to read the numbers: [operations](../operations.md#metrics).`;

const OF_THE_PROCESS = `Beside these it shows what prom-client knows of its own process, without the prefix: \`process_*\` (CPU, memory, start time, open
and most files) and \`nodejs_*\` (event loop, heap, garbage collection).`;

export function metricsPage(): string {
  return generatedPage('Metrics', [
    INTRODUCTION,
    '## Of the workers, summed',
    metricTable(Object.values(WORKER_METRICS)),
    '## Of the primary',
    metricTable(Object.values(PRIMARY_METRICS)),
    '## Of other nodes, where there may be any',
    metricTable(Object.values(CLUSTER_METRICS)),
    OF_THE_PROCESS,
    '## Labels',
    table(['Label', 'Values'], labelRows()),
  ]);
}

function metricTable(specs: readonly MetricSpec[]): string {
  const rows = specs.map(({ name, type, labels, help }) => [
    code(PREFIX + name),
    type,
    labels.map(code).join(', '),
    help,
  ]);
  return table(['Name', 'Type', 'Labels', 'Meaning'], rows);
}

const ERROR_TYPES: Readonly<Record<ConnectionErrorType, true>> = {
  path_not_found: true,
  protocol_version: true,
  app_not_found: true,
  app_disabled: true,
  tls_required: true,
  origin_not_allowed: true,
  over_quota: true,
  over_capacity: true,
};

const WEBHOOK_OUTCOMES =
  '`sent`; `dead_lettered`: given up after `webhooks.retry.max_elapsed_time_ms`, or refused alone as too large (413); `dropped`: too many waited, or the server ended.';

/** What each label says; a label that is missing here fails the page. */
const LABELS: Readonly<Record<string, string>> = {
  algorithm: ALGORITHMS.map(code).join(', '),
  app_id: 'Id of the app; empty where the app is not known, `global` for limits of addresses.',
  channel_type: CHANNEL_KINDS.map(code).join(', '),
  code: 'WebSocket close code, or `other`. 1006: the connection ended without a close frame.',
  error_type: Object.keys(ERROR_TYPES).map(code).join(', '),
  form: '`delta`, `full`, `plain`',
  limiter_type: `${RATE_KINDS.map(code).join(', ')}: rates of an app; \`address\`: \`rate_limiter\`.`,
  origin: '`computed`: by this worker; `reused`: made by another worker for the same message and base.',
  outcome: `Of webhooks: ${WEBHOOK_OUTCOMES} Of tasks of the pool: \`answered\`, ${POOL_LOSSES.map(code).join(', ')}.`,
  port: 'Port that clients connect to, as configured.',
  percentile: '`50`, `99`, `100`',
  recipient_count_bucket:
    'Local recipients of the message: `xs` up to 10, `sm` up to 100, `md` up to 1000, `lg` up to 10,000, `xl` above.',
  reason: `Why nobody got a delta. In full: ${FULL_REASONS.map(code).join(', ')}; plain: ${PLAIN_REASONS.map(code).join(', ')} (packages/delta/README.md says what each means).`,
  request_context: '`http_api`, `websocket_upgrade`',
  worker: 'Number of the worker, from 0. A replacement has the number of the worker it replaces.',
};

function labelRows(): string[][] {
  const all: readonly MetricSpec[] = [WORKER_METRICS, PRIMARY_METRICS, CLUSTER_METRICS].flatMap((list) =>
    Object.values<MetricSpec>(list),
  );
  const used = all.flatMap(({ labels }) => labels);
  return [...new Set(used)].sort().map((label) => {
    const meaning = LABELS[label];
    if (meaning === undefined)
      throw new Error(`apps/docs/src/metrics-page.ts does not say what the label '${label}' means`);
    return [code(label), meaning];
  });
}
