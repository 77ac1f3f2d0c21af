import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient, RawClient, SluiceProcess, TcpClient, TLS_FIXTURE, until } from '@sluice/testkit';
import { connectionsByWorker, dataOf } from './support.ts';

const SUBSCRIBERS = 60;
const WORKERS = 3;
const WINDOW_MS = 2000;
const PUBLISH_EVERY_MS = 5;

interface Load {
  /** Numbers of the messages answered with 200 so far. */
  readonly accepted: number[];
  stop(): Promise<void>;
}

/** Publishes numbered messages, about 200 a second, over several connections. */
function publishSteadily(api: ApiClient): Load {
  const accepted: number[] = [];
  const underWay = new Set<Promise<void>>();
  let next = 0;
  const timer = setInterval(() => {
    const number = next++;
    const call = api.trigger('load', 'e', number).then(
      ({ status }) => void (status === 200 && accepted.push(number)),
      // Refused: the server is no longer there.
      () => undefined,
    );
    underWay.add(call);
    void call.then(() => underWay.delete(call));
  }, PUBLISH_EVERY_MS);
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    await Promise.all(underWay);
  };
  return { accepted, stop };
}

function refusal(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.destroy());
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    socket.once('close', () => resolve('closed'));
  });
}

/** Not all in one tenth of the window, nor in a few. */
function assertSpread(closedAfterMs: readonly number[]): void {
  const tenths = new Map<number, number>();
  for (const ms of closedAfterMs) {
    const tenth = Math.floor(ms / (WINDOW_MS / 10));
    tenths.set(tenth, (tenths.get(tenth) ?? 0) + 1);
  }
  const shape = [...tenths].map(([tenth, count]) => `${tenth}: ${count}`).join(', ');
  const isSpread = Math.max(...tenths.values()) < closedAfterMs.length / 2 && tenths.size >= 5;
  assert.ok(isSpread, `closes by tenth of the window: ${shape}`);
}

/** A request whose headers a worker has read, and whose body is on its way. */
async function requestUnderWay(server: SluiceProcess): Promise<TcpClient> {
  const client = await TcpClient.connect(server.port);
  using api = new ApiClient(server.port);
  const target = api.target({ method: 'POST', path: '/events', body: '{}' });
  client.write(`POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n{`);
  await until('the headers to be read', () => client.received.includes('100 Continue'));
  return client;
}

describe('SIGTERM under load', () => {
  for (const scheduling of ['primary', 'kernel']) {
    it(
      `loses no accepted message, closes everybody with 4200 over the window, and ends with 0, with scheduling ${scheduling}`,
      { timeout: 60_000 },
      async () => {
        await using server = await SluiceProcess.start({
          workers: WORKERS,
          config: { cluster: { scheduling }, shutdown: { drain_window_ms: WINDOW_MS } },
        });
        using api = new ApiClient(server.port);
        const clients = await Promise.all(Array.from({ length: SUBSCRIBERS }, () => RawClient.connect(server.wsUrl)));
        await Promise.all(clients.map((client) => client.subscribe('load')));
        assert.ok(
          [...connectionsByWorker(server).values()].every((count) => count > 0),
          'every worker has subscribers',
        );
        const closedAt: number[] = [];
        for (const client of clients) client.ws.once('close', () => closedAt.push(performance.now()));

        const load = publishSteadily(api);
        await until('messages to flow', () => load.accepted.length >= 200);
        const acceptedBefore = [...load.accepted];
        const signalledAt = performance.now();
        server.signal('SIGTERM');
        await until('the first client to be closed', () => closedAt.length > 0);
        assert.equal(await refusal(server.port), 'ECONNREFUSED');
        const { code, signal } = await server.exited;
        const tookMs = performance.now() - signalledAt;
        await load.stop();

        assert.deepEqual([code, signal], [0, null]);
        assert.ok(tookMs < 10_000, `it took ${Math.round(tookMs)} ms`);
        for (const client of clients) {
          assert.equal((await client.nextClose()).code, 4200);
          const got = new Set(dataOf(client, 'e'));
          const missing = acceptedBefore.filter((number) => !got.has(number));
          assert.deepEqual(missing, [], 'accepted before the signal and never delivered');
          assert.equal(got.size, dataOf(client, 'e').length, 'no message comes twice');
        }
        assertSpread(closedAt.map((at) => at - signalledAt));
      },
    );
  }

  it('answers a request under way before it ends', { timeout: 60_000 }, async () => {
    await using server = await SluiceProcess.start({ workers: 2, config: { shutdown: { drain_window_ms: 0 } } });
    using slow = await requestUnderWay(server);
    server.signal('SIGTERM');
    await until('the port to be closed', async () => (await refusal(server.port)) === 'ECONNREFUSED');
    slow.write('}');
    await until('the answer', () => slow.received.includes('Missing required parameter: channel'));
    assert.match(slow.received.toString(), /^HTTP\/1\.1 400 /m);
    assert.equal((await server.exited).code, 0);
  });

  it(
    'does not wait for connections that never asked for anything, whose requests are over, or whose next has not come',
    { timeout: 60_000 },
    async () => {
      await using server = await SluiceProcess.start({ workers: 2, config: { shutdown: { drain_window_ms: 0 } } });
      using silent = await TcpClient.connect(server.port);
      using idle = await TcpClient.connect(server.port);
      idle.write('GET /live HTTP/1.1\r\nHost: x\r\n\r\n');
      await until('an answer', () => idle.received.includes('LIVE'));
      using halfway = await TcpClient.connect(server.port);
      halfway.write('GET /live HTTP/1.1\r\nHost: x\r\n\r\nGET /live HTTP/1.1\r\nHost:');
      await until('another answer', () => halfway.received.includes('LIVE'));
      await until(
        'all to be with a worker',
        () => [...connectionsByWorker(server).values()].reduce((a, b) => a + b, 0) === 3,
      );
      const signalledAt = performance.now();
      server.signal('SIGTERM');
      assert.equal((await server.exited).code, 0);
      const tookMs = performance.now() - signalledAt;
      assert.ok(tookMs < 8000, `it took ${Math.round(tookMs)} ms`);
      await until('all to be closed', () => silent.ended && idle.ended && halfway.ended);
    },
  );

  it(
    'does not wait for connections to the port with TLS whose handshake never began',
    { timeout: 60_000 },
    async () => {
      const ssl = { enabled: true, cert_path: TLS_FIXTURE.certFile, key_path: TLS_FIXTURE.keyFile };
      await using server = await SluiceProcess.start({ workers: 2, config: { ssl, shutdown: { drain_window_ms: 0 } } });
      using silent = await TcpClient.connect(server.port);
      await until('it to be with a worker', () => [...connectionsByWorker(server).values()].includes(1));
      const signalledAt = performance.now();
      server.signal('SIGTERM');
      assert.equal((await server.exited).code, 0);
      const tookMs = performance.now() - signalledAt;
      assert.ok(tookMs < 8000, `it took ${Math.round(tookMs)} ms`);
      await until('it to be closed', () => silent.ended);
    },
  );

  it('is cut off when the grace period is over', { timeout: 60_000 }, async () => {
    const config = { shutdown_grace_period: 1, shutdown: { drain_window_ms: 0 } };
    await using server = await SluiceProcess.start({ workers: 2, config });
    using _stuck = await requestUnderWay(server);
    const signalledAt = performance.now();
    server.signal('SIGTERM');
    await server.exited;
    const tookMs = performance.now() - signalledAt;
    assert.ok(tookMs >= 900 && tookMs < 8000, `it took ${Math.round(tookMs)} ms`);
    assert.match(server.output, /the grace period is over/);
  });

  it('goes on when a worker dies meanwhile', { timeout: 60_000 }, async () => {
    const config = { shutdown_grace_period: 20, shutdown: { drain_window_ms: 1000 } };
    await using server = await SluiceProcess.start({ workers: 2, config });
    const clients = await Promise.all([1, 2, 3, 4].map(() => RawClient.connect(server.wsUrl)));
    const [victim = 0] = server.workerPids();
    const signalledAt = performance.now();
    server.signal('SIGTERM');
    await until('the first client to be closed', () => clients.some(({ closed }) => closed !== null));
    process.kill(victim, 'SIGKILL');
    assert.equal((await server.exited).code, 0);
    const tookMs = performance.now() - signalledAt;
    assert.ok(tookMs < 8000, `it took ${Math.round(tookMs)} ms`);
  });
});

describe('Another signal', () => {
  const config = { shutdown_grace_period: 60, shutdown: { drain_window_ms: 30_000 } };

  it(
    'after more than half a second ends the server at once, however long the window is',
    { timeout: 60_000 },
    async () => {
      await using server = await SluiceProcess.start({ workers: 2, config });
      await using client = await RawClient.connect(server.wsUrl);
      server.signal('SIGTERM');
      await until('the shutdown to begin', () => server.output.includes('shutting down'));
      await sleep(700);
      const signalledAt = performance.now();
      server.signal('SIGTERM');
      const { code } = await server.exited;
      assert.equal(code, 1);
      assert.ok(performance.now() - signalledAt < 8000);
      assert.ok([1006, 4200].includes((await client.nextClose()).code));
    },
  );

  it('within half a second counts as the same', { timeout: 60_000 }, async () => {
    const short = { shutdown: { drain_window_ms: 700 } };
    await using server = await SluiceProcess.start({ workers: 2, config: short });
    await using client = await RawClient.connect(server.wsUrl);
    server.signal('SIGTERM');
    await until('the shutdown to begin', () => server.output.includes('shutting down'));
    server.signal('SIGINT');
    server.signal('SIGTERM');
    assert.equal((await client.nextClose()).code, 4200);
    assert.equal((await server.exited).code, 0);
  });
});
