import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { DEFAULT_APP } from '../endpoint.ts';
import { BenchmarkFailure } from '../errors.ts';
import { freePort, startProgram, type Server, type StartOptions } from './server.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../../apps/server/dist/main.js', import.meta.url));
const HOST = '127.0.0.1';

export type Scheduling = 'primary' | 'kernel';

export interface SluiceOptions extends StartOptions {
  readonly workers: number;
  readonly scheduling: Scheduling;
}

/** Said before anything is started, not after the first minutes of a run. */
export function requireBuilt(): void {
  if (!existsSync(PROGRAM))
    throw new BenchmarkFailure(`${PROGRAM} does not exist: start the benchmarks with npm run bench, which builds it`);
}

/** The program as its owner runs it: emitted code, configured by environment variables only. */
export async function startSluice(options: SluiceOptions): Promise<Server> {
  const port = await freePort(HOST);
  return startProgram({
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
      METRICS_ENABLED: 'false',
      LOG_LEVEL: 'warn',
      SLUICE_DEFAULT_APP_ID: DEFAULT_APP.id,
      SLUICE_DEFAULT_APP_KEY: DEFAULT_APP.key,
      SLUICE_DEFAULT_APP_SECRET: DEFAULT_APP.secret,
    },
    endpoint: { host: HOST, port, pathPrefix: '', app: DEFAULT_APP },
  });
}
