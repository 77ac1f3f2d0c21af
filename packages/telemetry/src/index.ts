export { createLog, errorReporter, isHumanFormat, type LogOptions } from './log.ts';
export { CLUSTER_METRICS, type MetricSpec, PRIMARY_METRICS, WORKER_METRICS } from './metric-list.ts';
export { NodeExposition, type NodeExpositionOptions, type NodeState } from './node-exposition.ts';
export { WorkerMetrics, type WorkerGauges, type WorkerMetricsOptions } from './worker-metrics.ts';
