import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient, RawClient, SluiceProcess, until } from '@sluice/testkit';

const WORKERS = 3;

describe('a publisher that waits for its answers', () => {
  let server: SluiceProcess;
  before(async () => {
    server = await SluiceProcess.start({ workers: WORKERS });
  });
  after(() => server[Symbol.asyncDispose]());

  it('EV-24: is heard in its order by everybody, though each event goes over another connection', async () => {
    const clients = await Promise.all(Array.from({ length: 4 * WORKERS }, () => RawClient.connect(server.wsUrl)));
    await Promise.all(clients.map((client) => client.subscribe('ordered')));
    const events = 300;
    for (let i = 0; i < events; i++) {
      using connection = new ApiClient(server.port);
      assert.equal((await connection.trigger('ordered', 'e', String(i))).status, 200);
    }
    const expected = Array.from({ length: events }, (_, i) => String(i));
    for (const client of clients) {
      await until('all events', () => client.frames.length === events);
      assert.deepEqual(
        client.frames.map(({ data }) => data),
        expected,
      );
    }
    await Promise.all(clients.map((client) => client.close()));
  });

  it('gets its answer only when the other workers have the event', async () => {
    const clients = await Promise.all(Array.from({ length: 2 * WORKERS }, () => RawClient.connect(server.wsUrl)));
    await Promise.all(clients.map((client) => client.subscribe('held')));
    const publishers = Array.from({ length: WORKERS }, () => new ApiClient(server.port));
    // Connections that exist already, since a stopped primary accepts none.
    await Promise.all(publishers.map((publisher) => publisher.get('/channels')));
    server.signal('SIGSTOP');
    let answers = 0;
    const publishes = publishers.map(async (publisher) => {
      await publisher.trigger('held', 'e', '1');
      answers++;
    });
    await sleep(200);
    const early = answers;
    server.signal('SIGCONT');
    await Promise.all(publishes);
    assert.equal(early, 0);
    for (const client of clients) await until('every event', () => client.frames.length === WORKERS);
    for (const publisher of publishers) publisher[Symbol.dispose]();
    await Promise.all(clients.map((client) => client.close()));
  });

  it('does not wait long for a worker that has stopped, and the others have the event at once', async () => {
    const clients = await Promise.all(Array.from({ length: 2 * WORKERS }, () => RawClient.connect(server.wsUrl)));
    await Promise.all(clients.map((client) => client.subscribe('stopped')));
    const [pid] = server.workerPids();
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGSTOP');
    try {
      const answered = await Promise.any(
        Array.from({ length: WORKERS }, async () => {
          using publisher = new ApiClient(server.port);
          const startedAt = performance.now();
          const { status } = await publisher.trigger('stopped', 'e', '1');
          return { status, ms: performance.now() - startedAt };
        }),
      );
      assert.equal(answered.status, 200);
      assert.ok(answered.ms < 2000, `${answered.ms} ms`);
      await until('the event at the clients of other workers', () => clients.some(({ frames }) => frames.length > 0));
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await Promise.all(clients.map((client) => client.close()));
  });
});
