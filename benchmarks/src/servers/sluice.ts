import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { DEFAULT_APP, type AppCredentials } from '../endpoint.ts';
import { BenchmarkFailure } from '../errors.ts';
import { freePort, HOST, startProgram, type StartedServer, type StartOptions } from './server.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../../apps/server/dist/main.js', import.meta.url));

export type Scheduling = 'primary' | 'kernel';

export interface SluiceOptions extends StartOptions {
  readonly workers: number;
  readonly scheduling: Scheduling;
  readonly metrics?: 'on' | 'off';
  readonly apps?: readonly AppCredentials[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Said before anything is started, not after the first minutes of a run. */
export function requireBuilt(): void {
  if (!existsSync(PROGRAM))
    throw new BenchmarkFailure(`${PROGRAM} does not exist: start the benchmarks with npm run bench, which builds it`);
}

/** The program as its owner runs it: emitted code, configured by environment variables only. */
export async function startSluice({ apps = [DEFAULT_APP], ...options }: SluiceOptions): Promise<StartedServer> {
  const port = options.port ?? (await freePort());
  const metricsPort = await freePort();
  const hasMetrics = options.metrics === 'on';
  const server = await startProgram({
    ...options,
    args: [PROGRAM, 'start'],
    cwd: ROOT,
    // Nothing of the caller's environment, which may configure a server of his.
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      HOST,
      PORT: String(port),
      WORKERS: String(options.workers),
      CLUSTER_SCHEDULING: options.scheduling,
      METRICS_ENABLED: String(hasMetrics),
      METRICS_HOST: HOST,
      METRICS_PORT: String(metricsPort),
      LOG_LEVEL: 'warn',
      APPS: JSON.stringify(apps),
      ...options.env,
    },
    endpoint: { host: HOST, port, pathPrefix: options.env?.['PATH_PREFIX'] ?? '', app: DEFAULT_APP },
  });
  if (!hasMetrics) return server;
  const metrics = async (): Promise<string> => (await fetch(`http://${HOST}:${metricsPort}/metrics`)).text();
  return { ...server, metrics, loopDelayMs: async () => loopDelayMs(await metrics()) };
}

function loopDelayMs(text: string): number {
  const delays = [...text.matchAll(/^sluice_event_loop_delay_seconds\{[^}]*percentile="99"[^}]*\} (\S+)$/gm)];
  if (delays.length === 0) throw new BenchmarkFailure('the server tells nothing of its event loop');
  return Math.max(...delays.map(([, seconds]) => Number(seconds))) * 1000;
}
