import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiClient, RawClient, SluiceProcess, TcpClient, until } from '@sluice/testkit';
import { connectionsByWorker, dataOf, isRunning } from './support.ts';

const ROOM = 'presence-room';
const WORKERS = 4;

async function members(server: SluiceProcess, count: number): Promise<RawClient[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => RawClient.connect(server.wsUrl)));
  for (const [i, client] of clients.entries()) {
    await client.subscribe('news');
    await client.subscribe('private-all');
    client.send({ event: 'pusher:unsubscribe', data: { channel: 'private-all' } });
    // Every third connection is one more of the same user.
    await client.subscribePresence(ROOM, { user_id: i % 3 === 0 ? 'everywhere' : `user-${i}` });
  }
  return clients;
}

async function roomInfo(api: ApiClient): Promise<unknown> {
  return (await api.get(`/channels/${ROOM}`, { info: 'user_count,subscription_count' })).json();
}

/** The user of a presence frame. */
function userOf(data: unknown): string {
  return (data as { readonly user_id: string }).user_id;
}

async function usersOf(api: ApiClient): Promise<string[]> {
  const { users } = (await api.get(`/channels/${ROOM}/users`)).json() as { readonly users: { readonly id: string }[] };
  return users.map(({ id }) => id).sort();
}

for (const scheduling of ['primary', 'kernel']) {
  const config = { cluster: { scheduling } };

  describe(`When a worker is killed, with scheduling ${scheduling}`, () => {
    it('it is replaced at once, and nobody on the others notices', { timeout: 60_000 }, async () => {
      await using server = await SluiceProcess.start({ workers: WORKERS, config, env: { LOG_LEVEL: 'debug' } });
      const clients = await members(server, 24);
      using api = new ApiClient(server.port);
      const before = server.workerPids();
      const [victim, held] = [...connectionsByWorker(server)].find(([, count]) => count > 0 && count < 24) ?? [0, 0];
      assert.ok(victim > 0 && held > 0);
      const whole = { occupied: true, user_count: 17, subscription_count: 24 };
      // On a connection of its own, which may end with the victim.
      using observer = new ApiClient(server.port);
      assert.deepEqual(await roomInfo(observer), whole);
      const listeningBefore = server.output.split('a worker is listening').length;
      const killedAt = performance.now();
      process.kill(victim, 'SIGKILL');
      await until(
        'another worker to listen',
        () => server.output.split('a worker is listening').length > listeningBefore,
        10_000,
      );
      const tookMs = performance.now() - killedAt;
      // By itself it takes a fifth of a second.
      assert.ok(tookMs < 5000, `replaced after ${Math.round(tookMs)} ms`);
      const after = server.workerPids();
      assert.equal(after.length, WORKERS);
      assert.deepEqual(after.filter((pid) => !before.includes(pid)).length, 1);
      assert.ok(!after.includes(victim));

      const lost = await until('its clients to be cut off', () => {
        const closed = clients.filter(({ closed }) => closed !== null);
        return closed.length === held && closed;
      });
      const alive = clients.filter((client) => !lost.includes(client));
      assert.deepEqual(new Set(lost.map(({ closed }) => closed?.code)), new Set([1006]));

      const remaining = new Set(
        alive.map((client) => (clients.indexOf(client) % 3 === 0 ? 'everywhere' : `user-${clients.indexOf(client)}`)),
      );
      await until('the counts to fall', async () => {
        const { subscription_count: count } = (await roomInfo(api)) as { readonly subscription_count: number };
        return count === alive.length;
      });
      assert.deepEqual(await usersOf(api), [...remaining].sort());
      assert.deepEqual(await roomInfo(api), {
        occupied: true,
        user_count: remaining.size,
        subscription_count: alive.length,
      });

      const gone = clients
        .map((_, i) => (i % 3 === 0 ? 'everywhere' : `user-${i}`))
        .filter((user) => !remaining.has(user));
      assert.equal((await api.trigger('news', 'after', 1)).status, 200);
      for (const client of alive) {
        await until('the message after', () => dataOf(client, 'after').length > 0);
        const removed = dataOf(client, 'pusher_internal:member_removed').map(userOf);
        assert.deepEqual(removed.sort(), [...gone].sort(), 'each member is removed once, and none who is still there');
        assert.equal(client.closed, null);
      }
      await Promise.all(clients.map((client) => client.close()));
    });

    it('its place is filled by one that serves and hears the others', { timeout: 60_000 }, async () => {
      await using server = await SluiceProcess.start({ workers: 2, config });
      using api = new ApiClient(server.port);
      const before = server.workerPids();
      const [victim = 0] = before;
      process.kill(victim, 'SIGKILL');
      const pid = await until('a new worker', () => server.workerPids().find((each) => !before.includes(each)));
      const clients: RawClient[] = [];
      await until('a client to reach the new worker', async () => {
        const client = await RawClient.connect(server.wsUrl);
        await client.subscribePresence(ROOM, { user_id: String(clients.length) });
        clients.push(client);
        return (connectionsByWorker(server).get(pid) ?? 0) > 0;
      });
      clients.push(await RawClient.connect(server.wsUrl));
      for (const client of clients) await client.subscribe('news').catch(() => undefined);
      for (let i = 0; i < 10; i++) assert.equal((await api.trigger('news', 'e', i)).status, 200);
      for (const client of clients) await until('all messages', () => dataOf(client, 'e').length === 10);
      await until(
        'the restart to be counted',
        async () => (await server.metric(`sluice_worker_restarts_total{port="${server.port}"}`)) === 1,
      );
      await Promise.all(clients.map((client) => client.close()));
    });
  });

  describe(`When the primary is killed, with scheduling ${scheduling}`, () => {
    it('all workers end by themselves, with clients and silent connections', { timeout: 60_000 }, async () => {
      const server = await SluiceProcess.start({ workers: WORKERS, config });
      const clients = await Promise.all([1, 2, 3, 4, 5].map(() => RawClient.connect(server.wsUrl)));
      using silent = await TcpClient.connect(server.port);
      const pids = server.workerPids();
      assert.equal(pids.length, WORKERS);
      const killedAt = performance.now();
      server.signal('SIGKILL');
      await until('all workers to end', () => !pids.some(isRunning), 10_000);
      const tookMs = performance.now() - killedAt;
      assert.ok(tookMs < 8000, `they ended after ${Math.round(tookMs)} ms`);
      for (const client of clients) assert.equal((await client.nextClose()).code, 1006);
      await until('the silent connection to end', () => silent.ended);
      await server[Symbol.asyncDispose]();
    });
  });
}
