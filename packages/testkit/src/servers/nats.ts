import { freePort } from '../free-port.ts';
import { until } from '../until.ts';
import { ServerProcess } from './server-process.ts';

export interface NatsServerOptions {
  /** Beside those that any test server has. */
  readonly args?: readonly string[];
}

/** A real nats-server. */
export class NatsServer extends ServerProcess {
  static async start({ args = [] }: NatsServerOptions = {}): Promise<NatsServer> {
    const port = await freePort();
    const server = new NatsServer({
      command: 'nats-server',
      debian: 'nats-server',
      port,
      args: () => ['-a', '127.0.0.1', '-p', String(port), ...args],
    });
    await server.start();
    return server;
  }
}

/** Two servers that pass messages on to each other. */
export async function startNatsCluster(): Promise<readonly [NatsServer, NatsServer]> {
  const [firstRoutes, secondRoutes] = [await freePort(), await freePort()];
  const url = (port: number): string => `nats://127.0.0.1:${port}`;
  const cluster = (own: number, other: number): readonly string[] => [
    ...['--cluster_name', 'test', '--cluster', url(own)],
    ...['--routes', url(other)],
  ];
  const monitor = await freePort();
  const servers = await Promise.all([
    NatsServer.start({ args: [...cluster(firstRoutes, secondRoutes), '-m', String(monitor)] }),
    NatsServer.start({ args: cluster(secondRoutes, firstRoutes) }),
  ]);
  await until('the servers to have met', async () => {
    const response = await fetch(`http://127.0.0.1:${monitor}/routez`);
    return ((await response.json()) as { readonly num_routes: number }).num_routes > 0;
  });
  return servers;
}
