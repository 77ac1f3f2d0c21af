import { randomBytes } from 'node:crypto';
import { ApiClient, APP, type Program, SluiceProcess, until } from '@sluice/testkit';
import { FuzzSocket } from './fuzz-socket.ts';
import { Harm } from './harm.ts';
import { MEASURABLE, type Memory, memoryOf } from './memory.ts';

const WORKERS = 2;
/** Connections take turns with the workers, so that each has some of these. */
const WITNESSES = 4;
const COMPLAINT_MS = 500;

/** Everything on, and no rates that would keep messages from getting far. */
const APPS = [
  {
    ...APP,
    enable_client_messages: true,
    enable_subscription_count_events: true,
    enable_watchlist_events: true,
    max_client_events_per_second: 0,
  },
];

/** The server under test, and clients who only watch whether they still get what is theirs. */
export class Subject implements AsyncDisposable {
  readonly server: SluiceProcess;
  readonly #pids: readonly number[];
  readonly #witnesses: readonly FuzzSocket[];
  readonly #api: ApiClient;
  /** Nobody else finds it. */
  readonly #channel: string;
  /** Rejects at the first complaint: what waits for an answer of a process that has died need wait no longer. */
  readonly harm: Promise<never>;
  #ticks = 0;
  /** How much of the server's output was looked at. */
  #read = 0;

  private constructor(server: SluiceProcess, witnesses: readonly FuzzSocket[]) {
    this.server = server;
    this.#pids = server.workerPids();
    this.#witnesses = witnesses;
    this.#api = new ApiClient(server.port);
    const { promise, reject } = Promise.withResolvers<never>();
    // Nobody may be waiting.
    promise.catch(() => {});
    this.harm = promise;
    for (const stream of [server.child.stdout, server.child.stderr]) {
      stream?.on('data', () => {
        if (this.#newComplaints().length > 0) reject(new Harm('the server complains'));
      });
    }
    this.#channel = `witness-${randomBytes(8).toString('hex')}`;
  }

  static async start(program?: Program): Promise<Subject> {
    const server = await SluiceProcess.start({
      workers: WORKERS,
      nodeArgs: MEASURABLE,
      config: { app_manager: { array: { apps: APPS } }, websocket: { compression: 'shared' } },
      ...(program === undefined ? {} : { program }),
    });
    const witnesses = await Promise.all(Array.from({ length: WITNESSES }, () => FuzzSocket.open(server.wsUrl)));
    const subject = new Subject(server, witnesses);
    await subject.#watch();
    return subject;
  }

  /** Throws for every sign that something was harmed. */
  async assertUnharmed(): Promise<void> {
    this.#assertWorkers();
    const { status } = await this.#api.raw('GET', '/up');
    if (status !== 200) throw new Harm(`GET /up is answered with ${status}`);
    await this.#assertDelivery();
    this.#assertWorkers();
    this.#assertLog();
  }

  /** What the server says about the harm that was seen; a process that dies is heard of a little later. */
  async complaints(): Promise<readonly string[]> {
    await until('a complaint', () => this.#newComplaints().length > 0, COMPLAINT_MS).catch(() => {});
    return this.#newComplaints();
  }

  /** By process. */
  async memory(): Promise<ReadonlyMap<string, Memory>> {
    const pids = [['primary', this.server.pid] as const, ...this.#pids.map((pid, i) => [`worker ${i}`, pid] as const)];
    const memory = new Map<string, Memory>();
    for (const [name, pid] of pids) memory.set(name, await memoryOf(this.server, pid));
    return memory;
  }

  /** Workers started again, by the server's own account. */
  async restarts(): Promise<number> {
    return (await this.server.metric(`sluice_worker_restarts_total{port="${this.server.port}"}`)) ?? Number.NaN;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const witness of this.#witnesses) witness[Symbol.dispose]();
    this.#api[Symbol.dispose]();
    await this.server[Symbol.asyncDispose]();
  }

  async #watch(): Promise<void> {
    for (const witness of this.#witnesses) {
      witness.send(JSON.stringify({ event: 'pusher:subscribe', data: { channel: this.#channel } }));
      await witness.until('a subscription', () =>
        witness.texts.some((text) => text.includes('subscription_succeeded')),
      );
    }
    await this.#assertDelivery();
  }

  async #assertDelivery(): Promise<void> {
    const tick = `tick ${++this.#ticks}`;
    const { status, text } = await this.#api.trigger(this.#channel, 'tick', tick);
    if (status !== 200) throw new Harm(`an ordinary event is answered with ${status} ${text}`);
    const isTick = (frame: string): boolean => frame.includes(tick);
    for (const witness of this.#witnesses) {
      await witness.until('an ordinary event', () => witness.texts.some(isTick));
      witness.texts.length = 0;
    }
  }

  #assertWorkers(): void {
    const pids = this.server.workerPids();
    if (pids.join() !== this.#pids.join()) throw new Harm('a worker was lost');
  }

  #assertLog(): void {
    if (this.#newComplaints().length > 0) throw new Harm('the server complains');
  }

  /** Errors in the log, and what is in the output that is no log, since the last look that found none. */
  #newComplaints(): readonly string[] {
    const { output } = this.server;
    const end = output.lastIndexOf('\n') + 1;
    const lines = output.slice(this.#read, end).split('\n').filter(Boolean);
    const bad = lines.filter((line) => !line.startsWith('{"level":"') || line.startsWith('{"level":"error"'));
    if (bad.length === 0) this.#read = end;
    return bad;
  }
}
