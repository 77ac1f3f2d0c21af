import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ApiAnswer, ApiClient, APP, type AppFixture, RawClient, SluiceProcess, until } from '@sluice/testkit';
import { connectionsByWorker } from './support.ts';

const MAX_CONNECTIONS = 25;
const MAX_EVENTS = 10;
const MAX_READS = 8;

const CROWDED: AppFixture = { id: 'crowded', key: 'crowded-key', secret: 'secret-1' };
const LIMITED: AppFixture = { id: 'limited', key: 'limited-key', secret: 'secret-2' };
const DISABLED: AppFixture = { id: 'disabled', key: 'disabled-key', secret: 'secret-3' };

describe('Limits of an app over all workers', () => {
  let server: SluiceProcess;

  before(async () => {
    const apps = [
      APP,
      { ...CROWDED, max_connections: MAX_CONNECTIONS },
      { ...LIMITED, max_backend_events_per_second: MAX_EVENTS, max_read_requests_per_second: MAX_READS },
      { ...DISABLED, enabled: false },
    ];
    server = await SluiceProcess.start({ workers: 4, config: { app_manager: { array: { apps } } } });
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
  });

  function url({ key }: AppFixture): string {
    return server.wsUrl.replace(APP.key, key);
  }

  /** Opens that many at once; resolves when each is greeted or closed. */
  async function open(count: number): Promise<{ readonly admitted: RawClient[]; readonly refused: RawClient[] }> {
    const clients = Array.from({ length: count }, () => RawClient.open(url(CROWDED)));
    await until(
      'an answer for each',
      () => clients.every(({ frames, closed }) => frames.length > 0 || closed !== null),
      10_000,
    );
    return {
      admitted: clients.filter(
        ({ closed, frames }) => closed === null && frames[0]?.event === 'pusher:connection_established',
      ),
      refused: clients.filter(({ closed }) => closed !== null),
    };
  }

  it(
    'max_connections admits exactly so many of many that come at once, and gives places back',
    { timeout: 60_000 },
    async () => {
      const first = await open(80);
      assert.equal(first.admitted.length, MAX_CONNECTIONS);
      assert.equal(first.refused.length, 80 - MAX_CONNECTIONS);
      assert.deepEqual(new Set(first.refused.map(({ closed }) => closed?.code)), new Set([4004]));
      assert.ok(
        [...connectionsByWorker(server).values()].filter((held) => held > 0).length > 1,
        'they are with several workers',
      );
      for (const client of first.admitted.slice(0, 5)) client.ws.terminate();
      const second: RawClient[] = [];
      await until('five places to be free', async () => {
        const { admitted } = await open(5 - second.length);
        second.push(...admitted);
        return second.length === 5;
      });
      assert.equal((await open(20)).admitted.length, 0);
      await Promise.all([...first.admitted, ...second].map((client) => client.close()));
    },
  );

  it('max_connections of one app leaves others alone', async () => {
    const { admitted } = await open(MAX_CONNECTIONS + 5);
    const other = await RawClient.connect(server.wsUrl);
    await Promise.all([...admitted, other].map((client) => client.close()));
  });

  it('max_connections gets back the places of a worker that died', { timeout: 60_000 }, async () => {
    const { admitted } = await until('all places', async () => {
      const opened = await open(MAX_CONNECTIONS);
      if (opened.admitted.length === MAX_CONNECTIONS) return opened;
      await Promise.all(opened.admitted.map((client) => client.close()));
      return undefined;
    });
    const [victim = 0] = [...connectionsByWorker(server)].find(([, held]) => held > 0) ?? [];
    process.kill(victim, 'SIGKILL');
    // Not all of them hear of it in the same moment.
    const lost = (): number => admitted.filter(({ closed }) => closed !== null).length;
    await until('its clients to be cut off', () => lost() > 0 && !server.workerPids().includes(victim));
    const replacements: RawClient[] = [];
    await until('their places to be free', async () => {
      const opened = await open(lost() - replacements.length + 1);
      replacements.push(...opened.admitted);
      return replacements.length === lost();
    });
    await Promise.all([...admitted, ...replacements].map((client) => client.close()));
  });

  /** Sends calls at once over many connections and says how many were within the rate. */
  async function withinRate(max: number, call: (api: ApiClient, i: number) => Promise<ApiAnswer>): Promise<void> {
    using api = new ApiClient(server.port, LIMITED);
    const startedAt = performance.now();
    const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => call(api, i)));
    const windows = Math.floor((performance.now() - startedAt) / 1000) + 1;
    const accepted = answers.filter(({ status }) => status === 200).length;
    const refused = answers.filter(({ status }) => status === 429);
    assert.equal(accepted + refused.length, 60);
    assert.ok(accepted >= max && accepted <= max * windows, `${accepted} in ${windows} windows`);
    for (const { headers, text } of refused) {
      assert.equal(headers['retry-after'], '1');
      assert.match(text, new RegExp(`^Rate limit exceeded: more than ${max} .* in a second\n$`));
    }
    await until('the next second', async () => (await call(api, 99)).status === 200);
  }

  it(
    'max_backend_events_per_second answers 429 beyond it, and accepts again a second later',
    { timeout: 30_000 },
    async () => {
      await withinRate(MAX_EVENTS, (api, i) => api.trigger('news', 'e', i));
    },
  );

  it('max_read_requests_per_second does the same for reads', { timeout: 30_000 }, async () => {
    await withinRate(MAX_READS, (api) => api.get('/channels'));
  });

  it(
    'an event for several channels counts once for each, and none of it goes out beyond the rate',
    { timeout: 30_000 },
    async () => {
      using api = new ApiClient(server.port, LIMITED);
      const channels = (count: number): unknown => ({
        name: 'e',
        channels: Array.from({ length: count }, (_, i) => `c${i}`),
        data: '1',
      });
      const send = (count: number): Promise<ApiAnswer> =>
        api.send({ method: 'POST', path: '/events', body: channels(count) });
      assert.equal((await send(MAX_EVENTS + 1)).status, 400, 'never fits');
      await until('a whole second of the rate', async () => (await send(MAX_EVENTS)).status === 200);
    },
  );

  it('an app that is not enabled has no connections and no API', async () => {
    const client = RawClient.open(url(DISABLED));
    assert.deepEqual(await client.nextClose(), { code: 4003, reason: 'Application disabled' });
    using api = new ApiClient(server.port, DISABLED);
    for (const answer of [await api.get('/channels'), await api.trigger('news', 'e', 1)]) {
      assert.deepEqual([answer.status, answer.text], [403, 'Application disabled\n']);
    }
  });
});

describe('The capacity of a node', () => {
  it('holds for all apps and workers together', { timeout: 30_000 }, async () => {
    const apps = [APP, CROWDED];
    await using server = await SluiceProcess.start({
      workers: 2,
      config: { max_connections: 10, app_manager: { array: { apps } } },
    });
    const urls = [server.wsUrl, server.wsUrl.replace(APP.key, CROWDED.key)];
    const clients = Array.from({ length: 30 }, (_, i) => RawClient.open(urls[i % 2] ?? ''));
    await until('an answer for each', () =>
      clients.every(({ frames, closed }) => frames.length > 0 || closed !== null),
    );
    const codes = clients.map(({ closed }) => closed?.code ?? 'open');
    assert.deepEqual(
      [codes.filter((code) => code === 'open').length, codes.filter((code) => code === 4100).length],
      [10, 20],
    );
    await Promise.all(clients.map((client) => client.close()));
  });
});
