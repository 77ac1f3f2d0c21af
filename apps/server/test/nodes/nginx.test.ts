import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it, type TestContext } from 'node:test';
import { ApiClient, APP, type NginxServer, RawClient, type SluiceProcess, until } from '@sluice/testkit';
import { sumOf } from '../process/support.ts';
import { CHANNEL, connectMany, startBehind, startNginx, TRUSTING } from './behind.ts';
import { dataOfAll, killNode, overRedis, Publisher, startNode, startNodes } from './nodes.ts';

/** Of this machine, and not in `networks.conf` as it is shipped. */
const STRANGER = '127.0.0.9';

async function connectedTo(node: SluiceProcess): Promise<number> {
  return sumOf(await node.exposition(), 'connected');
}

async function callsOf(node: SluiceProcess): Promise<number> {
  return sumOf(await node.exposition(), 'http_calls_received_total');
}

/** First the one of two nodes that the publishers of this machine are sent to. */
async function byCalls(nodes: readonly SluiceProcess[]): Promise<readonly [SluiceProcess, SluiceProcess]> {
  return until('a node to be published to', async () => {
    const calls = await Promise.all(nodes.map(callsOf));
    const used = nodes.find((_, i) => (calls[i] ?? 0) > 0);
    const other = nodes.find((node) => node !== used);
    return used !== undefined && other !== undefined && ([used, other] as const);
  });
}

/** The status that a request from an address is answered with. */
async function statusFor(nginx: NginxServer, path: string, localAddress: string): Promise<number> {
  using client = new ApiClient(nginx.port, APP, { localAddress });
  return (await client.raw('GET', path)).status;
}

/** The status that a WebSocket from an address is refused with, or 101. */
async function upgradeStatus(t: TestContext, nginx: NginxServer, localAddress: string): Promise<number> {
  const client = RawClient.open(nginx.wsUrl, { localAddress });
  t.after(() => client.close());
  return new Promise((resolve) => {
    client.ws.once('open', () => resolve(101));
    client.ws.once('unexpected-response', (request, response) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
  });
}

function numbersUpTo(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i));
}

describe('Nodes behind Nginx', { timeout: 120_000 }, () => {
  it('share the clients evenly, and one publisher reaches them all in its order', async (t) => {
    const { nginx, nodes } = await startBehind(t);
    const [command, ...args] = nginx.checkCommand;
    const { stderr } = spawnSync(command, args, { encoding: 'utf8' });
    assert.deepEqual(
      stderr
        .trim()
        .split('\n')
        .filter((line) => !/ (?:syntax is ok|test is successful)$/.test(line)),
      [],
      'Nginx has nothing to say against the configuration',
    );
    const clients = await connectMany(t, nginx, 10);
    assert.deepEqual(await Promise.all(nodes.map(connectedTo)), [5, 5]);
    // On a new connection each, which could go to any node.
    for (const data of numbersUpTo(100)) {
      using api = new ApiClient(nginx.port);
      assert.equal((await api.trigger(CHANNEL, 'e', data)).status, 200);
    }
    for (const client of clients) assert.deepEqual(await dataOfAll(client, 'e', 100), numbersUpTo(100));
    assert.match(nginx.accessLog, /"POST \/apps\/1001\/events" 200 /);
    assert.doesNotMatch(nginx.accessLog, /auth_signature/);
  });

  it('know the real address of a client, which cannot claim another', async (t) => {
    const limits = { api_rate_limit: { max_requests: 2 }, websocket_rate_limit: { max_requests: 2 } };
    const { nginx } = await startBehind(t, { count: 1, config: { rate_limiter: { enabled: true, ...limits } } });
    for (const address of ['127.0.0.2', '127.0.0.3']) {
      const statuses: number[] = [];
      for (let i = 0; i < 3; i++) statuses.push(await upgradeStatus(t, nginx, address));
      assert.deepEqual(statuses, [101, 101, 429], address);
    }
    const ask = async (forwarded: string): Promise<number> => {
      const headers = { 'x-forwarded-for': forwarded };
      return (await fetch(nginx.url(`/apps/${APP.id}/channels`), { headers })).status;
    };
    assert.deepEqual([await ask('127.0.0.4'), await ask('127.0.0.5'), await ask('127.0.0.6')], [401, 401, 429]);
  });

  it('are closed to strangers but for WebSockets, of which one address has only so many', async (t) => {
    const { nginx } = await startBehind(t, { count: 1, site: { 'sluice_addresses 1000': 'sluice_addresses 3' } });
    for (const path of [`/apps/${APP.id}/channels`, '/metrics', '/ready', '/usage', '/nginx_status', '/']) {
      assert.equal(await statusFor(nginx, path, STRANGER), 403, path);
    }
    using backend = new ApiClient(nginx.port);
    assert.equal((await backend.get('/channels')).status, 200);
    assert.equal(await statusFor(nginx, '/nginx_status', '127.0.0.1'), 200);
    assert.equal(await statusFor(nginx, '/metrics', '127.0.0.1'), 404, 'not even to backends');
    const upgrades: number[] = [];
    for (let i = 0; i < 4; i++) upgrades.push(await upgradeStatus(t, nginx, STRANGER));
    assert.deepEqual(upgrades, [101, 101, 101, 429]);
    assert.equal(await upgradeStatus(t, nginx, '127.0.0.10'), 101, 'another address has connections of its own');
    assert.equal((await backend.raw('POST', '/apps/1/events', Buffer.alloc(10 * 1024 * 1024 + 1))).status, 413);
    assert.equal(await statusFor(nginx, `/?${'x'.repeat(8192)}`, '127.0.0.1'), 414);
  });

  it('stand in for one that dies, and fill it when it is back', async (t) => {
    const joined = await overRedis(t);
    const nodes = await startNodes(t, joined, { config: TRUSTING });
    const nginx = await startNginx(t, { nodes: nodes.map(({ port }) => port) });
    const clients = await connectMany(t, nginx, 10);
    const publisher = new Publisher(nginx, { event: 'e', channel: CHANNEL, everyMs: 5 });
    t.after(() => publisher.stop());
    await until('events', () => publisher.sent > 50);
    const [dies, stays] = await byCalls(nodes);
    await killNode(dies);
    await until('its clients to be cut off', () => clients.filter(({ closed }) => closed !== null).length === 5);
    const back = await connectMany(t, nginx, 5);
    const sentBefore = publisher.sent;
    assert.equal(await connectedTo(stays), 10);
    await until('more events', () => publisher.sent > sentBefore + 50);
    const again = await startNode(t, joined, { config: TRUSTING, port: dies.port });
    await connectMany(t, nginx, 5);
    assert.deepEqual([await connectedTo(again), await connectedTo(stays)], [5, 10]);
    await publisher.stop();
    // Only while the node died: what was sent to it then, only the publisher may send again.
    const refused = publisher.failures.map((failure) => /^(\d+): 502$/.exec(failure)?.[1]);
    assert.ok(new Set(refused).size <= 1 && !refused.includes(undefined), publisher.failures.join());
    for (const client of clients.filter(({ closed }) => closed === null)) {
      const data = (await dataOfAll(client, 'e', publisher.sent)).map(Number);
      assert.equal(new Set(data).size, publisher.sent, 'nothing that was answered with 200 is missing');
    }
    for (const client of back) {
      const data = (await dataOfAll(client, 'e', publisher.sent - sentBefore)).map(Number);
      assert.deepEqual(
        data,
        data.map((_, i) => (data[0] ?? 0) + i),
        'one after the other, from when it was back',
      );
      assert.equal(data.at(-1), publisher.sent - 1);
    }
  });

  it('may be stopped without a publish refused, once they are off the list', async (t) => {
    const { nginx, nodes } = await startBehind(t, { config: { shutdown: { drain_window_ms: 500 } } });
    const clients = await connectMany(t, nginx, 6);
    const publishers = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => {
      // A connection for each: a reload closes those that are idle, which a publisher may notice too late.
      const publisher = new Publisher(nginx, { event: `e${i}`, channel: CHANNEL, everyMs: 1, keepAlive: false });
      t.after(() => publisher.stop());
      return publisher;
    });
    const [stopped, stays] = await byCalls(nodes);
    nginx.setNodes([stays.port]);
    nginx.signal('SIGHUP');
    await until('nobody to publish there', async () => {
      const calls = await callsOf(stopped);
      return (await callsOf(stays)) > 0 && (await callsOf(stopped)) === calls;
    });
    stopped.signal('SIGTERM');
    assert.equal((await stopped.exited).code, 0);
    const closed = clients.filter(({ closed }) => closed !== null);
    assert.deepEqual(
      closed.map(({ closed }) => closed?.code),
      [4200, 4200, 4200],
    );
    await connectMany(t, nginx, 3);
    await Promise.all(publishers.map((publisher) => publisher.stop()));
    for (const [i, { failures, sent, expected }] of publishers.entries()) {
      assert.deepEqual(failures, []);
      for (const client of clients.filter((each) => !closed.includes(each))) {
        // Not in order where the publisher went from one node to the other.
        const data = (await dataOfAll(client, `e${i + 1}`, sent)).toSorted((x, y) => Number(x) - Number(y));
        assert.deepEqual(data, expected);
      }
    }
  });
});
