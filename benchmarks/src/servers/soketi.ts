import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { DEFAULT_APP, type AppCredentials } from '../endpoint.ts';
import { BenchmarkFailure } from '../errors.ts';
import { freePort, HOST, startProgram, type StartedServer, type StartOptions } from './server.ts';
import { SOKETI_FOLDER, type SoketiPackage } from './soketi-package.ts';

export interface SoketiOptions extends StartOptions {
  readonly soketi: SoketiPackage;
  readonly apps?: readonly AppCredentials[];
  /** Further options, by dotted keys. */
  readonly settings?: Readonly<Record<string, unknown>> & { readonly pathPrefix?: string };
}

/** Apps without limits, as they are by default, and nothing that leaves loopback. */
export async function startSoketi(options: SoketiOptions): Promise<StartedServer> {
  const { soketi, apps = [DEFAULT_APP], settings = {} } = options;
  const port = options.port ?? (await freePort());
  const config = join(SOKETI_FOLDER, 'run', `${port}.json`);
  mkdirSync(dirname(config), { recursive: true });
  writeFileSync(config, JSON.stringify({ ...(await onLoopback(port)), 'appManager.array.apps': apps, ...settings }));
  try {
    const server = await startProgram({
      ...options,
      node: soketi.node,
      args: [soketi.program, 'start', `--config=${config}`],
      cwd: SOKETI_FOLDER,
      // Its process manager keeps files in the home of whoever starts it.
      env: { PATH: process.env['PATH'], HOME: dirname(config) },
      endpoint: { host: HOST, port, pathPrefix: settings.pathPrefix ?? '', app: DEFAULT_APP },
    });
    if (!server.output().includes('Falling back')) return server;
    await server.stop();
    throw new BenchmarkFailure(`soketi runs without its native sockets, which says nothing of it:\n${server.output()}`);
  } finally {
    // Read by now.
    rmSync(config);
  }
}

/** Dotted keys: an object would replace all defaults beside it. */
async function onLoopback(port: number): Promise<Readonly<Record<string, unknown>>> {
  return {
    host: HOST,
    port,
    // A port of its own for each that is started: the default one is taken by the first.
    'metrics.host': HOST,
    'metrics.port': await freePort(),
    // It looks for other nodes with a UDP broadcast twice a second; this one asks itself.
    'cluster.address': HOST,
    'cluster.unicast': HOST,
    'cluster.port': await freePort(),
  };
}
