import assert from 'node:assert/strict';
import { after, afterEach, before } from 'node:test';
import { ApiClient, APP, RawClient, SluiceProcess, TcpClient, until } from '@sluice/testkit';

const WORKERS = 2;
export const APP_PATH = `/app/${APP.key}?protocol=7`;
export const MAX_SUBSCRIPTIONS = 1000;

const CONFIG = {
  http_api: { headers_timeout: 1, request_limit_in_mb: 1 },
  channel_limits: { max_subscriptions_per_connection: MAX_SUBSCRIPTIONS },
};

/** A server that is attacked by every test of a suite, and has to be as good as new after each. */
export class Target {
  #server: SluiceProcess | null = null;
  #pids: readonly number[] = [];

  /** To be called in a suite. */
  constructor() {
    before(async () => {
      this.#server = await SluiceProcess.start({ workers: WORKERS, config: CONFIG });
      this.#pids = this.#server.workerPids();
    });
    afterEach(() => this.#assertUnharmed());
    after(() => this.#server?.[Symbol.asyncDispose]());
  }

  get server(): SluiceProcess {
    assert.ok(this.#server);
    return this.#server;
  }

  client(): Promise<RawClient> {
    return RawClient.connect(this.server.wsUrl);
  }

  tcp(): Promise<TcpClient> {
    return TcpClient.connect(this.server.port);
  }

  /** A WebSocket without a library, greeted. */
  async socket(): Promise<TcpClient> {
    const client = await TcpClient.upgrade(this.server.port, APP_PATH);
    await until('the greeting', () => client.received.includes('connection_established'));
    return client;
  }

  api(): ApiClient {
    return new ApiClient(this.server.port);
  }

  async #assertUnharmed(): Promise<void> {
    assert.deepEqual(this.server.workerPids(), this.#pids, 'no worker was lost');
    assert.doesNotMatch(this.server.output, /"level":"error"/);
    using api = this.api();
    // Connections take turns, so that these are with both workers.
    const clients = await Promise.all(Array.from({ length: WORKERS }, () => this.client()));
    for (const client of clients) await client.subscribe('fresh');
    assert.equal((await api.trigger('fresh', 'e', 'still here')).status, 200);
    for (const client of clients) assert.equal((await client.next('e')).data, 'still here');
    await Promise.all(clients.map((client) => client.close()));
  }
}
