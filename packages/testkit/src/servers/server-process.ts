import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { until } from '../until.ts';

export interface ServerCommand {
  readonly command: string;
  /** Debian's package that has it. */
  readonly debian: string;
  /** Run in `folder`, where the server may write. */
  readonly args: (folder: string) => readonly string[];
  readonly port: number;
  /** For a server of several processes: the signal on which the first one ends the others and then itself. Others are killed. */
  readonly stopSignal?: NodeJS.Signals;
}

const START_TIMEOUT_MS = 15_000;

/** Servers of this process that live. They must not outlive a test that ends without its clean-up. */
const living = new Map<ChildProcess, NodeJS.Signals>();
process.once('exit', () => {
  for (const [child, signal] of living) child.kill(signal);
});

/** A server that is not ours, in a process and a folder of its own, on loopback. It can be killed, stopped and started again. */
export class ServerProcess implements AsyncDisposable {
  readonly #command: ServerCommand;
  readonly folder = mkdtempSync(join(tmpdir(), 'sluice-server-'));
  #child: ChildProcess | null = null;
  #exited: Promise<void> = Promise.resolve();
  #output = '';

  constructor(command: ServerCommand) {
    this.#command = command;
  }

  get port(): number {
    return this.#command.port;
  }

  get #stopSignal(): NodeJS.Signals {
    return this.#command.stopSignal ?? 'SIGKILL';
  }

  /** Starts it, again where it has ended, and waits until it takes connections. */
  async start(): Promise<void> {
    const { command, args, debian } = this.#command;
    const child = spawn(command, args(this.folder), {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin` },
    });
    this.#child = child;
    living.set(child, this.#stopSignal);
    this.#output = '';
    const collect = (chunk: Buffer): void => {
      this.#output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    this.#exited = new Promise((resolve) => {
      child.once('close', () => resolve());
      child.once('error', (error) => {
        this.#output += `${error.message}; is Debian's package ${debian} installed?\n`;
        resolve();
      });
    });
    void this.#exited.then(() => living.delete(child));
    await until(`${command} to listen`, () => this.#failIfEnded() ?? accepts(this.port), START_TIMEOUT_MS);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Resolves when it stands still: the signal takes a moment to reach each of its threads. */
  async pause(): Promise<void> {
    this.signal('SIGSTOP');
    await until(`${this.#command.command} to stand still`, () => this.#failIfEnded() ?? this.#isStopped());
  }

  resume(): void {
    this.signal('SIGCONT');
  }

  async kill(): Promise<void> {
    this.signal(this.#stopSignal);
    await this.#exited;
    this.#child = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #isStopped(): boolean {
    const tasks = `/proc/${this.#child?.pid}/task`;
    // The state follows the name in brackets, which may hold brackets itself (proc(5)).
    return readdirSync(tasks).every((task) => / T [^)]*$/.test(readFileSync(`${tasks}/${task}/stat`, 'utf8')));
  }

  #failIfEnded(): undefined {
    const { command } = this.#command;
    if (this.#child !== null && this.#child.pid !== undefined && this.#child.exitCode === null) return undefined;
    throw new Error(`${command} ended:\n${this.#output}`);
  }
}

function accepts(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(undefined));
  });
}
