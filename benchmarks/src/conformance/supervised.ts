import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '@sluice/conformance';

import { isReady, type StartedServer } from '../servers/server.ts';
import type { Judged } from './provisions.ts';

const RUNNING_TIMEOUT_MS = 10_000;

export type Launch = (port: number) => Promise<StartedServer>;

/** A server at one address that is started again whenever it ends although nobody asked it to. */
export class Supervised implements Judged {
  readonly endpoint: Endpoint;
  readonly #launch: Launch;
  #server: StartedServer;
  #isWanted = true;
  #running: Promise<void> = Promise.resolve();
  #ends = 0;

  private constructor(server: StartedServer, launch: Launch) {
    const { host, port, pathPrefix } = server.endpoint;
    this.endpoint = { host, port, prefix: pathPrefix };
    this.#launch = launch;
    this.#server = this.#watched(server);
  }

  static async start(port: number, launch: Launch): Promise<Supervised> {
    return new Supervised(await launch(port), launch);
  }

  /** How often it ended although nobody asked it to. */
  get ends(): number {
    return this.#ends;
  }

  /** Waits until it takes connections, unless it was stopped. */
  async running(): Promise<void> {
    const endsAt = performance.now() + RUNNING_TIMEOUT_MS;
    for (;;) {
      await this.#running;
      // What has failed inside may be about to end, and says so here.
      if (!this.#isWanted || (await isReady(this.#server.endpoint))) return;
      if (performance.now() > endsAt) throw new Error(`the server was not ready within ${RUNNING_TIMEOUT_MS / 1000} s`);
      await sleep(20);
    }
  }

  async start(): Promise<void> {
    this.#isWanted = true;
    this.#server = this.#watched(await this.#launch(this.endpoint.port));
  }

  async stop(): Promise<void> {
    this.#isWanted = false;
    await this.#server.shutDown();
  }

  async kill(): Promise<void> {
    this.#isWanted = false;
    await this.#running.catch(() => undefined);
    await this.#server.stop();
  }

  #watched(server: StartedServer): StartedServer {
    void server.exited.then(() => {
      if (!this.#isWanted) return;
      this.#ends++;
      this.#running = this.start();
      // Told to whoever waits for it.
      this.#running.catch(() => undefined);
    });
    return server;
  }
}
