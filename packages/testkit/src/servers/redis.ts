import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../free-port.ts';
import { until } from '../until.ts';
import { ServerProcess } from './server-process.ts';

const run = promisify(execFile);

export interface RedisServerOptions {
  /** Beside those that any test server has. */
  readonly args?: readonly string[];
}

/** A real redis-server that keeps nothing on disk. */
export class RedisServer extends ServerProcess {
  static async start({ args = [] }: RedisServerOptions = {}): Promise<RedisServer> {
    const port = await freePort();
    const server = new RedisServer({
      command: 'redis-server',
      debian: 'redis-server',
      port,
      args: (folder) => [...common(port, folder), '--save', '', '--appendonly', 'no', ...args],
    });
    await server.start();
    return server;
  }

  /** What redis-cli answers. */
  async command(...words: readonly string[]): Promise<string> {
    const { stdout } = await run('redis-cli', ['-p', String(this.port), ...words]);
    return stdout.trim();
  }
}

function common(port: number, folder: string): readonly string[] {
  return ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--protected-mode', 'no'];
}

/** A master, a replica, and Sentinels that make the replica master when the master is gone. */
export class RedisSentinels implements AsyncDisposable {
  static readonly MASTER = 'sluice-test';
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly ServerProcess[];

  private constructor(master: RedisServer, replica: RedisServer, sentinels: readonly ServerProcess[]) {
    this.master = master;
    this.replica = replica;
    this.sentinels = sentinels;
  }

  static async start(): Promise<RedisSentinels> {
    const master = await RedisServer.start({ args: ['--repl-diskless-sync-delay', '0'] });
    const replica = await RedisServer.start({ args: ['--replicaof', '127.0.0.1', String(master.port)] });
    await until('the replica', async () => (await replica.command('INFO', 'replication')).includes('link_status:up'));
    const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(master.port)));
    return new RedisSentinels(master, replica, sentinels);
  }

  get ports(): readonly number[] {
    return this.sentinels.map(({ port }) => port);
  }

  get servers(): readonly ServerProcess[] {
    return [this.master, this.replica, ...this.sentinels];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()));
  }
}

async function startSentinel(masterPort: number): Promise<ServerProcess> {
  const port = await freePort();
  const { MASTER } = RedisSentinels;
  const server = new ServerProcess({
    command: 'redis-server',
    debian: 'redis-server',
    port,
    args: (folder) => {
      const file = join(folder, 'sentinel.conf');
      writeFileSync(
        file,
        [
          `port ${port}`,
          'bind 127.0.0.1',
          `sentinel monitor ${MASTER} 127.0.0.1 ${masterPort} 2`,
          `sentinel down-after-milliseconds ${MASTER} 800`,
          `sentinel failover-timeout ${MASTER} 3000`,
        ].join('\n'),
      );
      return [file, '--sentinel'];
    },
  });
  await server.start();
  return server;
}
