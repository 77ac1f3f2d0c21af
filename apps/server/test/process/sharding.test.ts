import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { APP, SluiceProcess, TcpClient, until } from '@sluice/testkit';
import { connectionsByWorker } from './support.ts';

const WORKERS = 4;
const CONNECTIONS = 1000;
/** Handshakes under way at a time, which one worker may get all of: workers begin to listen some milliseconds apart. */
const AT_ONCE = 25;
const MOST_OF_SHARE = 1.3;

function total(counts: ReadonlyMap<number, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** Opens all connections and looks where they are. */
async function spread(server: SluiceProcess, clients: DisposableStack): Promise<ReadonlyMap<number, number>> {
  for (let opened = 0; opened < CONNECTIONS; opened += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, () => TcpClient.upgrade(server.port, `/app/${APP.key}?protocol=7`));
    for (const client of await Promise.all(batch)) clients.use(client);
  }
  const counts = await until('all connections to be with a worker', () => {
    const now = connectionsByWorker(server);
    return total(now) === CONNECTIONS && now;
  });
  const most = Math.max(...counts.values());
  assert.ok(most <= (MOST_OF_SHARE * CONNECTIONS) / WORKERS, `by worker: ${[...counts.values()].join(', ')}`);
  return counts;
}

describe('Connections are spread evenly over the workers', () => {
  for (const scheduling of ['primary', 'kernel']) {
    it(`by the ${scheduling}`, { timeout: 60_000 }, async () => {
      await using server = await SluiceProcess.start({ workers: WORKERS, config: { cluster: { scheduling } } });
      using clients = new DisposableStack();
      assert.equal((await spread(server, clients)).size, WORKERS);
      assert.equal(await server.metric(`sluice_connected{app_id="${APP.id}",port="${server.port}"}`), CONNECTIONS);
    });

    it(`by the ${scheduling}, from the first moment that it takes any`, { timeout: 60_000 }, async () => {
      await using server = await SluiceProcess.spawn({ workers: WORKERS, config: { cluster: { scheduling } } });
      using clients = new DisposableStack();
      const first = await until('the port', () => TcpClient.connect(server.port).catch(() => undefined));
      first[Symbol.dispose]();
      await spread(server, clients);
    });
  }
});
