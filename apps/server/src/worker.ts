import { connectToPrimary, type PrimaryQuestion } from '@sluice/cluster';
import { type Clock, Hub, type OnError } from '@sluice/core';
import { PatchPool } from '@sluice/delta';
import { MemoryAppStore } from '@sluice/drivers/memory';
import { createLog, errorReporter, WorkerMetrics } from '@sluice/telemetry';
import { Outbox, WsEngine } from '@sluice/ws-engine';
import type { Settings } from './config/settings.ts';
import { HttpListener } from './http-listener.ts';

// One worker: wiring only. It starts with nothing but the local bus, and gets its configuration from there.

// The primary decides when a worker ends; a Ctrl-C reaches the whole process group.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('SIGHUP', () => {});
process.on('SIGUSR2', () => {});

let ended = false;
// Without the configuration there is no log yet.
let onError: OnError = (error, { stage }) => void process.stderr.write(`${stage}: ${String(error)}\n`);
const link = await connectToPrimary({
  onError: (error, context) => onError(error, context),
  onGone: () => process.exit(ended ? 0 : 1),
});

// Both ends are this program in the same version; the primary sends the settings it has checked.
const settings = link.start.settings as Settings;
const { websocket } = settings;
const log = createLog({
  ...settings.log,
  base: { worker: link.start.slot, pid: process.pid, instance: settings.instanceId },
});
onError = errorReporter(log);
process.on('uncaughtException', (error) => {
  log.error('the worker has a fault and ends; a new one takes its place', { error: error.stack ?? error.message });
  process.exit(1);
});

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
const metrics = new WorkerMetrics({ prefix: settings.metrics.prefix, port: settings.port, slot: link.start.slot });
const apps = new MemoryAppStore(settings.apps);
const outbox = new Outbox({
  flushDelayMs: websocket.flushDelayMs,
  writeBufferBytes: websocket.writeBufferBytes,
  sliceMs: websocket.flushSliceMs,
  beforeRound: () => link.flush(),
});
const patchPool =
  settings.deltas.enabled && settings.deltas.pool !== null
    ? new PatchPool({ ...settings.deltas.pool, counters: metrics.deltas })
    : undefined;
const hub = new Hub(
  { framer: outbox, backbone: link.backbone, registry: link.registry, metrics, clock, patchPool, onError },
  {
    activityTimeoutSeconds: settings.activityTimeoutSeconds,
    maxConnections: settings.maxConnections,
    maxSubscriptionsPerConnection: websocket.maxSubscriptionsPerConnection,
    departuresPerSlice: settings.cleanup.connectionsPerSlice,
    cacheTtlMs: settings.cache.ttlMs,
    sendSubscriptionErrors: websocket.sendSubscriptionErrors,
    deltas: settings.deltas,
    tagFiltering: settings.tagFiltering,
    authorisationTimeoutMs: settings.userAuthenticationTimeoutSeconds * 1000,
  },
);
const engine = new WsEngine({
  hub,
  apps,
  outbox,
  metrics,
  onError,
  rules: { pathPrefix: settings.pathPrefix, allowMissingProtocol: websocket.allowMissingProtocol },
  limits: websocket,
  addressLimit: settings.addressLimits.upgrades,
  trustHops: settings.trustHops,
  maxPayloadBytes: websocket.maxPayloadBytes,
  compression: websocket.compression,
  liveness: {
    activityTimeoutMs: settings.activityTimeoutSeconds * 1000,
    pongTimeoutMs: settings.pongTimeoutSeconds * 1000,
    pingIntervalMs: websocket.pingIntervalMs,
    idleTimeoutMs: websocket.idleTimeoutMs,
  },
});
const listener = await HttpListener.create({ settings, hub, apps, onUpgrade: engine.handleUpgrade });

link.serve({
  deliver: (message) => hub.deliver(message),
  events: hub,
  listen: () => listener.listen(),
  draining: () => listener.startDraining(),
  degraded: (isDegraded) => listener.setDegraded(isDegraded),
  reconfigure: (changed) => {
    const { apps: changedApps } = changed as Settings;
    apps.replace(changedApps);
    hub.changeApps(changedApps);
  },
  answer,
});
link.prepared();

async function answer(question: PrimaryQuestion): Promise<unknown> {
  switch (question.type) {
    case 'metrics':
      return metrics.snapshot({ queuedBytes: engine.queuedBytes(), busDropped: link.backbone.dropped });
    case 'echo':
      return null;
    case 'quiesce':
      listener.stopListening();
      return null;
    case 'close_clients':
      await engine.drain(question.windowMs);
      await listener.close();
      await patchPool?.close();
      ended = true;
      return null;
  }
}
