import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { APP, ApiClient, RawClient, SluiceProcess, TcpClient, until } from '@sluice/testkit';
import { sumOf } from './support.ts';

async function start(t: TestContext, config: object, app: object = {}): Promise<SluiceProcess> {
  const server = await SluiceProcess.start({
    workers: 2,
    config: { app_manager: { array: { apps: [{ ...APP, ...app }] } }, ...config },
  });
  t.after(() => server[Symbol.asyncDispose]());
  return server;
}

/** The status that an upgrade is answered with. */
async function upgradeStatus(port: number): Promise<number> {
  using client = await TcpClient.upgrade(port, `/app/${APP.key}?protocol=7`);
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(client.received.toString('latin1'))?.[1]);
}

describe('Limits of addresses', () => {
  const limits = { enabled: true, api_rate_limit: { max_requests: 10 }, websocket_rate_limit: { max_requests: 4 } };

  it('hold over all workers, for requests and for connections apart, and show in the metrics', async (t) => {
    const server = await start(t, { rate_limiter: limits });
    const statuses: number[] = [];
    // Each on a connection of its own, and so on both workers.
    for (let i = 0; i < 12; i++) {
      using api = new ApiClient(server.port);
      statuses.push((await api.get('/channels')).status);
    }
    assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 200), 429, 429]);
    const upgrades: number[] = [];
    for (let i = 0; i < 6; i++) upgrades.push(await upgradeStatus(server.port));
    assert.deepEqual(upgrades, [101, 101, 101, 101, 429, 429]);
    assert.equal((await fetch(server.url('/ready'))).status, 200, 'health checks are no part of it');
    const exposition = await server.exposition();
    const labels = { app_id: 'global', limiter_type: 'address' };
    for (const [context, checks] of [
      ['http_api', 12],
      ['websocket_upgrade', 6],
    ] as const) {
      const of = { ...labels, request_context: context };
      assert.equal(sumOf(exposition, 'rate_limit_checks_total', of), checks);
      assert.equal(sumOf(exposition, 'rate_limit_triggered_total', of), 2);
    }
  });

  it('count what a trusted proxy says, so that one client does not use up the share of another', async (t) => {
    const server = await start(t, { trust_hops: 1, rate_limiter: { ...limits, api_rate_limit: { max_requests: 1 } } });
    const ask = async (forwarded: string): Promise<number> => {
      const response = await fetch(server.url('/apps/x/channels'), { headers: { 'x-forwarded-for': forwarded } });
      return response.status;
    };
    assert.deepEqual(
      [
        await ask('203.0.113.1'),
        await ask('203.0.113.1'),
        await ask('203.0.113.2'),
        await ask('203.0.113.2, 203.0.113.1'),
      ],
      [401, 429, 401, 429],
    );
  });
});

describe('Allowed origins', () => {
  it('let in the pages that are named, and close others with 4009 for good', async (t) => {
    const server = await start(t, {}, { allowed_origins: ['https://*.example.com'] });
    await using page = await RawClient.connect(server.wsUrl, { origin: 'https://app.example.com' });
    assert.ok(page.socketId);
    for (const options of [{ origin: 'https://example.org' }, {}]) {
      await using other = RawClient.open(server.wsUrl, options);
      assert.deepEqual(await other.nextClose(), { code: 4009, reason: 'Origin not allowed' });
    }
    const refusals = { app_id: APP.id, error_type: 'origin_not_allowed' };
    await until('the count', async () => sumOf(await server.exposition(), 'connection_errors_total', refusals) === 2);
  });
});

describe('CORS', () => {
  const asked = { origin: 'https://app.example.com', 'access-control-request-method': 'POST' };

  async function preflight(server: SluiceProcess, headers: Readonly<Record<string, string>> = asked) {
    const { status, headers: answer } = await fetch(server.url(`/apps/${APP.id}/events`), {
      method: 'OPTIONS',
      headers,
    });
    return {
      status,
      origin: answer.get('access-control-allow-origin'),
      methods: answer.get('access-control-allow-methods'),
      headers: answer.get('access-control-allow-headers'),
      credentials: answer.get('access-control-allow-credentials'),
    };
  }

  it('lets every page read answers, unless told otherwise', async (t) => {
    const server = await start(t, {});
    assert.deepEqual(await preflight(server), {
      status: 204,
      origin: '*',
      methods: 'GET, POST, OPTIONS',
      headers: 'Authorization, Content-Type, X-Requested-With, Accept',
      credentials: null,
    });
    const refusal = await fetch(server.url('/apps/x/channels'), { headers: { origin: 'https://a.example' } });
    assert.deepEqual([refusal.status, refusal.headers.get('access-control-allow-origin')], [401, '*']);
    assert.equal(
      refusal.headers.get('access-control-expose-headers'),
      'X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After',
    );
    assert.equal((await fetch(server.url('/up'))).headers.get('access-control-allow-origin'), '*');
  });

  it('names the origin to those that may, and nothing to others', async (t) => {
    const server = await start(t, {
      cors: { origin: ['*.example.com'], methods: ['POST'], allowed_headers: ['X-One'], credentials: true },
    });
    assert.deepEqual(await preflight(server), {
      status: 204,
      origin: 'https://app.example.com',
      methods: 'POST',
      headers: 'X-One',
      credentials: 'true',
    });
    const other = await preflight(server, { ...asked, origin: 'https://example.org' });
    assert.deepEqual([other.status, other.origin, other.credentials], [404, null, null]);
  });

  it('is off without origins', async (t) => {
    const server = await start(t, { cors: { origin: [] } });
    const { status, origin } = await preflight(server);
    assert.deepEqual([status, origin], [404, null]);
  });
});
