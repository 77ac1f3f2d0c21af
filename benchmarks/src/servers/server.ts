import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { get } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Children } from '../children.ts';
import type { Endpoint } from '../endpoint.ts';
import { BenchmarkFailure } from '../errors.ts';
import { nodeCommand } from '../pinning.ts';

/** What is started here listens on loopback only. */
export const HOST = '127.0.0.1';
const READY_TIMEOUT_MS = 20_000;
const KEPT_OUTPUT = 4_000;

/** A server under load. */
export interface Server {
  readonly endpoint: Endpoint;
  /** Root of its process tree; `undefined` when it was not started here: its CPU time and memory are unknown then. */
  readonly pid: number | undefined;
  /** What it printed last: the reason, when a run fails. */
  output(): string;
  /** The text of its metrics, where they are on. */
  readonly metrics?: () => Promise<string>;
  /** The 99th percentile of the delay of the event loop since the last call, where the server tells. */
  readonly loopDelayMs?: () => Promise<number>;
  stop(): Promise<void>;
}

/** Roots of the process trees of those that were started here. */
export function pidsOf(servers: readonly Server[]): number[] {
  return servers.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
}

/** A server that was started here. */
export interface StartedServer extends Server {
  readonly pid: number;
  /** Settles when it has ended, whoever ended it. */
  readonly exited: Promise<void>;
  /** Asks for an orderly end, and waits for it. */
  shutDown(): Promise<void>;
}

export interface StartOptions {
  readonly children: Children;
  readonly cores: string | undefined;
  /** One that was free a moment ago; any that is free, if it is left out. */
  readonly port?: number;
}

export interface Program extends StartOptions {
  /** Another Node than the one that runs this. */
  readonly node?: string;
  /** Arguments of node: the script and its own. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly endpoint: Endpoint;
}

/** Starts a program and waits until `GET /ready` answers 200. */
export async function startProgram(program: Program): Promise<StartedServer> {
  const [command, ...before] = nodeCommand(program.cores, program.node);
  const child = spawn(command, [...before, ...program.args], {
    cwd: program.cwd,
    env: program.env,
    // The bare server ends when its standard input does, which covers a parent that was killed.
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  program.children.add(child);
  let output = '';
  const keep = (text: string): void => {
    output = (output + text).slice(-KEPT_OUTPUT);
  };
  child.on('error', (error) => keep(error.message));
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', keep);
  const exited = once(child, 'exit').then(
    () => undefined,
    () => undefined,
  );
  const pid = child.pid;
  if (pid === undefined) {
    await exited;
    throw new BenchmarkFailure(`the server (${command}) could not be started: ${output}`);
  }
  const isGone = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const server: StartedServer = {
    endpoint: program.endpoint,
    pid,
    output: () => output.trim(),
    exited,
    stop: async () => {
      // A drain would take its time and tells nothing.
      if (!isGone()) program.children.kill(pid);
      await exited;
    },
    shutDown: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (!(await isReady(program.endpoint))) {
    const gone = isGone();
    if (gone || performance.now() > deadline) {
      await server.stop();
      const what = gone ? 'ended while it started' : `was not ready within ${READY_TIMEOUT_MS / 1000} s`;
      throw new BenchmarkFailure(`the server (${program.args.join(' ')}) ${what}\n${output}`.trim());
    }
    await sleep(50);
  }
  return server;
}

export async function isReady(endpoint: Endpoint): Promise<boolean> {
  const path = `${endpoint.pathPrefix}/ready`;
  return new Promise((resolve) => {
    const request = get(
      { host: endpoint.host, port: endpoint.port, path, agent: false, timeout: 2_000 },
      (response) => {
        // soketi answers errors with 200.
        const judge = (body: string): void => resolve(response.statusCode === 200 && !body.startsWith('{"error"'));
        text(response).then(judge, () => resolve(false));
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}

/** A port nobody listens on right now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, HOST);
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
