import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiClient, RawClient, SluiceProcess, until } from '@sluice/testkit';

const WORKERS = 2;

describe('SIGUSR2', () => {
  for (const scheduling of ['primary', 'kernel'] as const) {
    it(`puts new workers in all places while the server goes on (${scheduling})`, async (t) => {
      const config = { cluster: { scheduling }, shutdown: { drain_window_ms: 300 } };
      const server = await SluiceProcess.start({ workers: WORKERS, config });
      t.after(() => server[Symbol.asyncDispose]());
      const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.connect(server.wsUrl)));
      const before = server.workerPids();
      let [isOver, published] = [false, 0];
      const publishing = (async () => {
        while (!isOver) {
          using api = new ApiClient(server.port);
          const { status } = await api.trigger('news', 'e', 'x');
          assert.equal(status, 200);
          await (await RawClient.connect(server.wsUrl)).close();
          published++;
        }
      })();
      server.signal('SIGUSR2');
      await until('the new workers', () => server.output.includes('"all workers were restarted"'), 15_000);
      isOver = true;
      await publishing;
      for (const client of clients) assert.equal((await client.nextClose()).code, 4200);
      await until('the old workers to end', () => server.workerPids().length === WORKERS);
      assert.deepEqual(
        server.workerPids().filter((pid) => before.includes(pid)),
        [],
      );
      assert.ok(published > 5, `${published} requests and connections meanwhile`);
      assert.equal(await server.metric(`sluice_worker_restarts_total{port="${server.port}"}`), 0, 'nobody died');
      server.signal('SIGTERM');
      assert.deepEqual(await server.exited, { code: 0, signal: null });
    });
  }
});
