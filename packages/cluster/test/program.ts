import { type ChildProcess, spawn } from 'node:child_process';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** What a program of a test says: an event, and what belongs to it. */
export interface Report {
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Milliseconds of a clock that does not jump. */
  readonly at: number;
}

const POLL_MS = 5;
const WAIT_MS = 15_000;

/**
 * A program in a process of its own, which may be a primary of node:cluster without touching the test runner's own state. It
 * is told by name what to do, and reports what happens. It ends when the test does, and its workers with it.
 */
export class Program {
  readonly reports: Report[] = [];
  #output = '';
  readonly #child: ChildProcess;

  constructor(t: TestContext, file: URL, { maxFiles }: { readonly maxFiles?: number } = {}) {
    const program = [process.execPath, '--conditions=@sluice/source', fileURLToPath(file)];
    const [command = '', ...args] =
      maxFiles === undefined ? program : ['/bin/sh', '-c', `ulimit -n ${maxFiles}; exec "$0" "$@"`, ...program];
    this.#child = spawn(command, args, {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    t.after(async () => {
      this.#child.kill('SIGKILL');
      await ended;
    });
    const collect = (chunk: Buffer): void => {
      this.#output += chunk.toString();
    };
    this.#child.stdout?.on('data', collect);
    this.#child.stderr?.on('data', collect);
    this.#child.on('message', (report) => this.reports.push(report as Report));
  }

  /** Has the program do something; resolves when that is done, with what it came to. */
  async do(command: string): Promise<Report> {
    const before = this.all(`did ${command}`).length;
    this.#child.send(command);
    return this.until(`did ${command}`, before + 1);
  }

  /** All reports of an event, or those before another report. */
  all(event: string, { before }: { readonly before?: Report } = {}): Report[] {
    const to = before === undefined ? this.reports.length : this.reports.indexOf(before);
    return this.reports.slice(0, to).filter((report) => report.event === event);
  }

  /** Waits for the first report of an event behind another. */
  next(event: string, after: Report): Promise<Report> {
    return this.until(event, this.all(event, { before: after }).length + 1);
  }

  /** Waits until the event has been reported so many times in all; gives the last of these. */
  async until(event: string, count = 1): Promise<Report> {
    const endsAt = performance.now() + WAIT_MS;
    for (;;) {
      const report = this.all(event)[count - 1];
      if (report !== undefined) return report;
      if (this.#child.exitCode !== null || performance.now() > endsAt)
        throw new Error(`waited in vain for "${event}" (${count}); ${this.#account()}`);
      await sleep(POLL_MS);
    }
  }

  #account(): string {
    const reports = this.reports.map(({ event, fields }) => `${event} ${JSON.stringify(fields)}`);
    return `exit code ${this.#child.exitCode}, so far:\n${[...reports, this.#output].join('\n')}`;
  }
}
