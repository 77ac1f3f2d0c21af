import { fileURLToPath } from 'node:url';
import { Primary } from '@sluice/cluster';
import type { OnError } from '@sluice/core';
import { createLog, errorReporter, isHumanFormat, NodeExposition } from '@sluice/telemetry';
import { banner } from './banner.ts';
import type { Settings } from './config/settings.ts';
import { listenForScrapes } from './metrics-listener.ts';
import { assertFree, listenError } from './ports.ts';
import { handleSignals } from './shutdown.ts';
import { readTls } from './tls.ts';
import { VERSION } from './version.ts';

/** One node: wiring only. Resolves when it is up; from then on it lives until a signal. */
export async function runPrimary(settings: Settings, notices: readonly string[]): Promise<void> {
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
  const primary = new Primary({
    workers,
    // The same kind of file as this one: source runs source, and what was built runs what was built.
    workerFile: fileURLToPath(import.meta.resolve(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js')),
    scheduling,
    maxKeptEvents: settings.cache.maxEvents,
    settings,
    log,
  });
  if (settings.metrics.enabled) await serveMetrics(settings, primary, errorReporter(log));

  handleSignals({
    onFirst: (signal) => {
      log.info('shutting down', { signal, windowMs: shutdown.drainWindowMs, gracePeriodMs: shutdown.gracePeriodMs });
      const drained = primary.drain({ ...shutdown, windowMs: shutdown.drainWindowMs });
      void drained.then(() => {
        log.info('shut down');
        process.exit(0);
      });
    },
    onSecond: (signal) => {
      log.warn('shutting down at once', { signal });
      primary.killAll();
      process.exit(1);
    },
  });

  try {
    await primary.start();
  } catch (error) {
    primary.killAll();
    throw listenError(error, address);
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

async function serveMetrics({ metrics, port }: Settings, primary: Primary, onError: OnError): Promise<void> {
  const exposition = new NodeExposition({ prefix: metrics.prefix, port });
  await listenForScrapes({
    ...metrics,
    contentType: exposition.contentType,
    onError,
    render: async () => exposition.render(await primary.metrics()),
  });
}
