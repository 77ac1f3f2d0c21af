import { type ChildProcess, spawn } from 'node:child_process';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** What a program of a test says: an event, and what belongs to it. */
export interface Report {
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Milliseconds since the program started. */
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

  constructor(t: TestContext, file: string, { maxFiles }: { readonly maxFiles?: number } = {}) {
    const program = [process.execPath, '--conditions=@sluice/source', fileURLToPath(new URL(file, import.meta.url))];
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

  /** Has the program do something; resolves with what it came to. */
  async do(command: string): Promise<Report['fields']> {
    const before = this.all(`did ${command}`).length;
    this.#child.send(command);
    return (await this.until(`did ${command}`, before + 1)).fields;
  }

  all(event: string): Report[] {
    return this.reports.filter((report) => report.event === event);
  }

  /** Waits until the event has been reported so many times in all; gives the last of these. */
  async until(event: string, count = 1): Promise<Report> {
    const endsAt = performance.now() + WAIT_MS;
    for (;;) {
      const report = this.all(event)[count - 1];
      if (report !== undefined) return report;
      const failure = this.#child.exitCode === null && performance.now() < endsAt ? null : 'in vain';
      if (failure !== null) throw new Error(`waited ${failure} for "${event}" (${count}); ${this.#account()}`);
      await sleep(POLL_MS);
    }
  }

  #account(): string {
    const reports = this.reports.map(({ event, fields }) => `${event} ${JSON.stringify(fields)}`);
    return `exit code ${this.#child.exitCode}, so far:\n${[...reports, this.#output].join('\n')}`;
  }
}
