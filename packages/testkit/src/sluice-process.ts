import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { APP } from './app-fixture.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

/** What is run as the server. */
export interface Program {
  readonly nodeArgs: readonly string[];
  readonly file: string;
}

export interface SluiceOptions {
  readonly workers?: number;
  /** A free one, if it is left out. */
  readonly port?: number;
  /** The one that was built, if it is left out. */
  readonly program?: Program;
  /** For node, beside those of the program. Workers get them too. */
  readonly nodeArgs?: readonly string[];
  /** Content of the configuration file; without `app_manager` there is the one app of the fixture, client events on. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const BUILT: Program = {
  nodeArgs: [],
  file: fileURLToPath(new URL('../../../apps/server/dist/main.js', import.meta.url)),
};
/** Servers of this process that live. They must not outlive a test that ends without its clean-up. */
const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

const PORT_TAKEN = 'the port is in use';
const START_TIMEOUT_MS = 20_000;

/** A real server in processes of its own, on free loopback ports. */
export class SluiceProcess implements AsyncDisposable {
  readonly port: number;
  readonly metricsPort: number;
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  /** Standard output and standard error so far. */
  output = '';
  #exit: Exit | null = null;
  readonly #folder: string;
  readonly #configFile: string;

  private constructor(options: SluiceOptions, ports: { readonly port: number; readonly metricsPort: number }) {
    this.port = ports.port;
    this.metricsPort = ports.metricsPort;
    this.#folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
    this.#configFile = join(this.#folder, 'config.json');
    this.writeConfig(options.config);
    const { nodeArgs, file: main } = options.program ?? BUILT;
    const command = [...nodeArgs, ...(options.nodeArgs ?? []), main, 'start', '--config', this.#configFile];
    this.child = spawn(process.execPath, [...command, ...(options.args ?? [])], {
      env: {
        PATH: process.env['PATH'],
        HOST: '127.0.0.1',
        PORT: String(this.port),
        METRICS_PORT: String(this.metricsPort),
        WORKERS: String(options.workers ?? 1),
        LOG_OUTPUT_FORMAT: 'json',
        ...options.env,
      },
      // Not inherited: the test runner reads its own standard output.
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    living.add(this.child);
    const collect = (chunk: Buffer): void => {
      this.output += chunk.toString();
    };
    this.child.stdout?.on('data', collect);
    this.child.stderr?.on('data', collect);
    this.exited = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        living.delete(this.child);
        this.#exit = { code, signal };
        resolve(this.#exit);
      });
    });
  }

  /** Starts a server and waits for nothing, for starts that are to fail. */
  static async spawn(options: SluiceOptions = {}): Promise<SluiceProcess> {
    return new SluiceProcess(options, { port: options.port ?? (await freePort()), metricsPort: await freePort() });
  }

  /** Starts a server and waits until it is ready. */
  static async start(options: SluiceOptions = {}): Promise<SluiceProcess> {
    const server = await SluiceProcess.spawn(options);
    try {
      await until(
        'the server to listen',
        () => server.#failIfExited() ?? server.output.includes('"listening"'),
        START_TIMEOUT_MS,
      );
    } catch (error) {
      await server[Symbol.asyncDispose]();
      // Between the choice of a port and its use another test may have taken it.
      const isChosen = options.port === undefined && options.env?.['PORT'] === undefined;
      if (isChosen && server.output.includes(PORT_TAKEN)) return SluiceProcess.start(options);
      throw error;
    }
    return server;
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the server was not started');
    return this.child.pid;
  }

  get hasExited(): boolean {
    return this.#exit !== null;
  }

  /** For a client of the fixture's app. */
  get wsUrl(): string {
    return `ws://127.0.0.1:${this.port}/app/${APP.key}?protocol=7&client=test&version=1.0`;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Changes the file; the server is not told. */
  writeConfig(config: SluiceOptions['config']): void {
    writeFileSync(this.#configFile, JSON.stringify({ ...defaultConfig(), ...config }));
  }

  /** Process ids of the workers, by the kernel's account. */
  workerPids(): number[] {
    const tasks = readdirSync(`/proc/${this.pid}/task`);
    const children = tasks.flatMap((task) => readChildren(`/proc/${this.pid}/task/${task}/children`));
    return [...new Set(children)].sort((a, b) => a - b);
  }

  /** The value of one sample of the exposition, labels included in the name; undefined if it is not there. */
  async metric(sample: string): Promise<number | undefined> {
    const line = (await this.exposition()).split('\n').find((text) => text.startsWith(`${sample} `));
    return line === undefined ? undefined : Number(line.slice(sample.length + 1));
  }

  async exposition(): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`);
    return response.text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.hasExited) this.child.kill('SIGKILL');
    await this.exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #failIfExited(): undefined {
    if (this.#exit === null) return undefined;
    throw new Error(`the server ended with ${JSON.stringify(this.#exit)}:\n${this.output}`);
  }
}

function defaultConfig(): Readonly<Record<string, unknown>> {
  return { app_manager: { array: { apps: [{ ...APP, enable_client_messages: true }] } } };
}

function readChildren(file: string): number[] {
  try {
    return readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
