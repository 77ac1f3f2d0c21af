import { fileURLToPath } from 'node:url';
import { NodeGateway, OtherNodes, type OtherNodesOptions, Primary } from '@sluice/cluster';
import { ConnectionError, type OnError } from '@sluice/core';
import { createLog, errorReporter, isHumanFormat, NodeExposition } from '@sluice/telemetry';
import { createWebhooks, type Webhooks } from '@sluice/webhooks';
import { createBackplane, createLedger } from './backplane.ts';
import { banner } from './banner.ts';
import type { Loaded, LoadResult } from './config/load.ts';
import type { AdapterSettings, Settings } from './config/settings.ts';
import { LiveSettings } from './live-settings.ts';
import { listenForScrapes } from './metrics-listener.ts';
import { assertFree, listenError, StartupError } from './ports.ts';
import { handleSignals } from './shutdown.ts';
import { readTls } from './tls.ts';
import { VERSION } from './version.ts';
import { workerArguments } from './worker-arguments.ts';

/**
 * One node: wiring only. Resolves when it is up; from then on it lives until a signal. `load` reads the configuration again.
 */
export async function runPrimary({ settings, notices }: Loaded, load: () => LoadResult): Promise<void> {
  const { host, port, workers, scheduling, shutdown } = settings;
  const log = createLog({ ...settings.log, base: { pid: process.pid, instance: settings.instanceId } });
  for (const notice of notices) log.warn(notice);
  process.on('uncaughtException', (error) => {
    log.error('the primary has a fault and ends, and its workers with it', { error: error.stack ?? error.message });
    process.exit(1);
  });

  if (settings.tls !== null) readTls(settings.tls);
  const address = { host, port, hostSetting: 'HOST or --host', portSetting: 'PORT or --port' };
  await assertFree(address);
  const plainPort = settings.tls?.plainPort ?? 0;
  if (plainPort !== 0) await assertFree({ ...address, port: plainPort, portSetting: 'SSL_HTTP_PORT' });
  const live = new LiveSettings(settings, log);
  const { queue } = settings.webhooks;
  const webhooks = createWebhooks({
    ...settings.webhooks,
    ledger: queue === null ? null : await createLedger(queue, errorReporter(log)),
    isThere: (going) => primary.isThere(going),
    findApp: (id) => live.webhookApps.get(id),
    log,
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
  });
  const others =
    settings.adapter === null
      ? null
      : await createOthers(settings.adapter, {
          hasWebhooks: (id) => live.webhookApps.has(id),
          toldElsewhere: (transition) => webhooks.toldElsewhere(transition),
          log,
        });
  const primary = new Primary({
    workers,
    others,
    // The same kind of file as this one: source runs source, and what was built runs what was built.
    workerArguments: workerArguments(process.execArgv, process.env['NODE_OPTIONS']),
    workerFile: fileURLToPath(import.meta.resolve(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js')),
    scheduling,
    cache: settings.cache,
    settings,
    onEvent: (event) => webhooks.emit(event),
    log,
  });
  if (settings.metrics.enabled) await serveMetrics(settings, { primary, webhooks, onError: errorReporter(log) });

  handleSignals({
    onFirst: (signal) => {
      log.info('shutting down', { signal, windowMs: shutdown.drainWindowMs, gracePeriodMs: shutdown.gracePeriodMs });
      void shutDown(settings, primary, webhooks).then(() => {
        log.info('shut down');
        process.exit(0);
      });
    },
    onReload: () => {
      if (live.read(load())) primary.reconfigure(live.settings);
    },
    onRestart: () => {
      log.info('restarting the workers', { windowMs: shutdown.drainWindowMs });
      void primary.restartWorkers({ windowMs: shutdown.drainWindowMs, gracePeriodMs: shutdown.gracePeriodMs });
    },
    onSecond: (signal) => {
      log.warn('shutting down at once', { signal });
      primary.killAll();
      process.exit(1);
    },
  });

  try {
    await webhooks.open();
    await primary.start();
    webhooks.inherit();
  } catch (error) {
    primary.killAll();
    throw error instanceof ConnectionError ? new StartupError(error.message) : listenError(error, address);
  }
  if (isHumanFormat(settings.log.format)) process.stdout.write(`${banner(settings, VERSION)}\n`);
  log.info('listening', {
    host,
    port,
    workers,
    scheduling,
    apps: settings.apps.map((app) => app.id),
    version: VERSION,
  });
}

/** Messages that wait for earlier ones of the same node, in all. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;

async function createOthers(
  adapter: AdapterSettings,
  { log, ...webhooks }: Pick<OtherNodesOptions, 'hasWebhooks' | 'toldElsewhere' | 'log'>,
): Promise<OtherNodes> {
  const { transport, beatMs, deadMs, bounds } = adapter;
  const incoming = { maxHeldBytes: MAX_HELD_BYTES, maxHoldMs: bounds.maxAgeMs };
  const backplane = await createBackplane(transport);
  const gateway = new NodeGateway({ backplane, bounds: { outgoing: bounds, incoming }, beatMs, deadMs, log });
  return new OtherNodes({ ...webhooks, gateway, beatMs, deadMs, log });
}

/** Kept for webhooks where the grace period is long enough, so that a worker that hangs leaves them something. */
const WEBHOOKS_MS = 1000;

/** Webhooks last: that the clients have gone is the last that they tell. */
async function shutDown(
  { shutdown, webhooks: { apps } }: Settings,
  primary: Primary,
  webhooks: Webhooks,
): Promise<void> {
  const { gracePeriodMs, drainWindowMs: windowMs, preStopDelayMs } = shutdown;
  const endsAt = performance.now() + gracePeriodMs;
  const spareMs = apps.length === 0 ? 0 : Math.min(WEBHOOKS_MS, gracePeriodMs - windowMs - preStopDelayMs);
  await primary.drain({ preStopDelayMs, windowMs, gracePeriodMs: gracePeriodMs - spareMs });
  await webhooks.flush(Math.max(0, endsAt - performance.now()));
  await webhooks.close();
}

interface Measured {
  readonly primary: Primary;
  readonly webhooks: Webhooks;
  readonly onError: OnError;
}

async function serveMetrics({ metrics, port }: Settings, { primary, webhooks, onError }: Measured): Promise<void> {
  const exposition = new NodeExposition({ prefix: metrics.prefix, port });
  await listenForScrapes({
    ...metrics,
    contentType: exposition.contentType,
    onError,
    render: async () => exposition.render({ ...(await primary.metrics()), webhooks: webhooks.counters }),
  });
}
