import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { APP, RawClient, SluiceProcess, until } from '@sluice/testkit';

interface Health {
  readonly status: number;
  readonly word: string;
  readonly header: string | null;
}

async function ask(server: SluiceProcess, path: string, method = 'GET'): Promise<Health> {
  const response = await fetch(server.url(path), { method });
  return { status: response.status, word: await response.text(), header: response.headers.get('x-health-check') };
}

describe('Health checks of a server', () => {
  it('answer by path, app and trailing slash', async () => {
    const apps = [APP, { id: 'off', key: 'off-key', secret: 's', enabled: false }];
    await using server = await SluiceProcess.start({ workers: 2, config: { app_manager: { array: { apps } } } });
    const expected: Readonly<Record<string, readonly [number, string]>> = {
      '/up': [200, 'OK'],
      '/up/': [200, 'OK'],
      [`/up/${APP.id}`]: [200, 'OK'],
      '/up/off': [503, 'ERROR'],
      '/up/unknown': [404, 'NOT_FOUND'],
      '/ready': [200, 'READY'],
      '/live': [200, 'LIVE'],
    };
    for (const [path, [status, word]] of Object.entries(expected)) {
      assert.deepEqual(await ask(server, path), { status, word, header: word }, path);
      assert.deepEqual(await ask(server, path, 'HEAD'), { status, word: '', header: word }, path);
    }
    const root = await fetch(server.url('/'));
    assert.deepEqual([root.status, await root.text()], [200, 'Sluice is running. Clients connect to /app/{key}.\n']);
    assert.deepEqual(
      [(await fetch(server.url('/nothing'))).status, (await fetch(server.url('/up'), { method: 'DELETE' })).status],
      [404, 404],
    );
  });

  it('tell the memory of the machine, unless that is switched off', async () => {
    await using server = await SluiceProcess.start();
    const { memory } = (await (await fetch(server.url('/usage'))).json()) as {
      readonly memory: Readonly<Record<string, number>>;
    };
    assert.deepEqual(Object.keys(memory), ['free', 'used', 'total', 'percent']);
    const { free = 0, used = 0, total = 0, percent = -1 } = memory;
    assert.ok(free > 0 && used > 0 && total === free + used && percent > 0 && percent < 100);
    await using without = await SluiceProcess.start({ config: { http_api: { usage_enabled: false } } });
    assert.equal((await fetch(without.url('/usage'))).status, 404);
  });

  it('stand under the path prefix', async () => {
    await using server = await SluiceProcess.start({ config: { path_prefix: '/realtime' } });
    assert.equal((await ask(server, '/realtime/ready')).status, 200);
    assert.equal((await ask(server, '/ready')).status, 404);
    await using client = await RawClient.connect(server.wsUrl.replace('/app/', '/realtime/app/'));
    await client.subscribe('news');
  });

  it(
    'say 503 before anything else happens at a shutdown, while clients still come and stay',
    { timeout: 30_000 },
    async () => {
      const config = { shutdown: { pre_stop_delay_ms: 4000, drain_window_ms: 0 } };
      await using server = await SluiceProcess.start({ workers: 2, config });
      await using client = await RawClient.connect(server.wsUrl);
      const signalledAt = performance.now();
      server.signal('SIGTERM');
      const draining = { status: 503, word: 'DRAINING', header: 'DRAINING' };
      await until('/ready to say 503', async () => (await ask(server, '/ready')).status === 503);
      // Connections take turns: both workers say it.
      for (let i = 0; i < 4; i++) {
        assert.deepEqual(await ask(server, '/ready'), draining);
        assert.deepEqual(await ask(server, '/up'), draining);
        assert.deepEqual(await ask(server, `/up/${APP.id}`), draining);
        assert.equal((await ask(server, '/live')).status, 200);
      }
      const late = await RawClient.connect(server.wsUrl);
      await late.subscribe('news');
      assert.equal(client.closed, null);
      assert.ok(performance.now() - signalledAt < 4000, 'all this within the delay');
      for (const each of [client, late]) assert.equal((await each.nextClose()).code, 4200);
      assert.equal((await server.exited).code, 0);
      assert.ok(performance.now() - signalledAt >= 1500);
    },
  );
});
