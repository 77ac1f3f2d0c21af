import { freePort, NatsServer, startNatsCluster } from '@sluice/testkit';
import { NatsBackplane } from '../src/nats/nats-backplane.ts';
import { backplaneContract, TIMEOUT_MS, type Transport } from './backplane-contract.ts';

function open(...ports: readonly number[]): NatsBackplane {
  return new NatsBackplane({
    servers: ports.map((port) => `nats://127.0.0.1:${port}`),
    user: null,
    password: null,
    token: null,
    credentials: null,
    tlsCa: null,
    prefix: 'test.',
    timeoutMs: TIMEOUT_MS,
    connectTimeoutMs: TIMEOUT_MS,
  });
}

async function over(servers: readonly NatsServer[]): Promise<Transport> {
  const nowhere = await freePort();
  let opened = 0;
  const all = async (what: (server: NatsServer) => unknown): Promise<void> => {
    await Promise.all(servers.map(what));
  };
  return {
    // Each end at another server.
    open: () => open(servers[opened++ % servers.length]?.port ?? 0),
    astray: () => open(nowhere),
    kill: () => all((server) => server.kill()),
    restart: () => all((server) => server.start()),
    pause: () => all((server) => server.pause()),
    resume: () => void all((server) => server.resume()),
    [Symbol.asyncDispose]: () => all((server) => server[Symbol.asyncDispose]()),
  };
}

backplaneContract('NATS', async () => over([await NatsServer.start()]));
backplaneContract('a NATS cluster', async () => over(await startNatsCluster()));
