import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionError, type LedgerEntry } from '@sluice/core';
import { freePort, RedisServer, until } from '@sluice/testkit';
import { RedisLedger, type RedisLedgerOptions } from '../src/redis/redis-ledger.ts';

const PREFIX = 'test:';
const BEAT_MS = 50;
const DEAD_MS = 400;
/** Of a node that says nothing by itself, and so seems dead soon after its last write. */
const SILENT = { beatMs: 1_000_000 };

const ACCESS = { db: 0, username: null, password: null, tls: null, sentinel: null };
const AS_USER = { username: 'ledger', password: 'password' };

/** One node's ledger and all that it tells. */
class Node {
  readonly ledger: RedisLedger;
  readonly texts: string[] = [];
  readonly entries: LedgerEntry[] = [];
  readonly lost: ReadonlySet<LedgerEntry>[] = [];
  readonly log: string[] = [];
  readonly errors: string[] = [];
  /** So much more it takes over. */
  room = Infinity;

  constructor(t: TestContext, redis: RedisServer | number, changes: Partial<RedisLedgerOptions> = {}) {
    const port = typeof redis === 'number' ? redis : redis.port;
    const connection = { ...ACCESS, address: { host: '127.0.0.1', port } };
    const times = { timeoutMs: 1000, beatMs: BEAT_MS, deadMs: DEAD_MS };
    const onError = (error: unknown): void => void this.errors.push(String(error));
    this.ledger = new RedisLedger({ connection, prefix: PREFIX, ...times, onError, ...changes });
    t.after(() => this.ledger.close());
  }

  static async open(t: TestContext, redis: RedisServer, changes?: Partial<RedisLedgerOptions>): Promise<Node> {
    const node = new Node(t, redis, changes);
    await node.open();
    return node;
  }

  async open(): Promise<void> {
    await this.connect();
    this.ledger.inherit();
  }

  async connect(): Promise<void> {
    await this.ledger.open({
      inherited: (entries) => {
        if (entries.some(({ text }) => text === 'a fault')) throw new Error(`a fault at ${entries.length}`);
        const taken = entries.slice(0, this.room);
        this.room -= taken.length;
        this.texts.push(...taken.map(({ text }) => text));
        this.entries.push(...taken.map(({ entry }) => entry));
        return taken.length;
      },
      lost: (entries) => this.lost.push(entries),
      reached: () => this.log.push('reached'),
      unreachable: () => this.log.push('unreachable'),
    });
  }

  note(...texts: readonly string[]): LedgerEntry[] {
    return texts.map((text) => this.ledger.note(() => text));
  }

  async noted(...texts: readonly string[]): Promise<LedgerEntry[]> {
    const entries = this.note(...texts);
    await this.saved();
    return entries;
  }

  saved(): Promise<unknown> {
    return until('all to be noted', () => this.ledger.unsaved === 0);
  }

  inherits(...texts: readonly string[]): Promise<unknown> {
    return until(`${texts.join()}, not ${this.texts.join()}`, () => this.texts.join() === texts.join());
  }
}

async function startRedis(t: TestContext, args: readonly string[] = []): Promise<RedisServer> {
  const redis = await RedisServer.start({ args });
  t.after(() => redis[Symbol.asyncDispose]());
  return redis;
}

/** Without those that say that a node lives. */
async function keysIn(redis: RedisServer): Promise<string[]> {
  const keys = (await redis.command('KEYS', '*')).split('\n').filter(Boolean);
  return keys.filter((key) => !key.startsWith(`${PREFIX}alive:`) && key !== `${PREFIX}numbers`);
}

/** How often entries were written and struck so far. */
async function changesIn(redis: RedisServer): Promise<Record<string, number>> {
  const stats = await redis.command('INFO', 'commandstats');
  const matches = stats.matchAll(/cmdstat_(hset|hdel):calls=(\d+)/g);
  return Object.fromEntries([...matches].map(([, name = '', calls]) => [name, Number(calls)]));
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i));
}

describe('A ledger in Redis', { timeout: 60_000 }, () => {
  it('gives what a dead node had not struck to another, in order, and nothing else', async (t) => {
    const redis = await startRedis(t);
    const dead = await Node.open(t, redis, SILENT);
    const entries = await dead.noted(...numbers(12));
    for (const entry of entries.slice(0, 2)) entry.strike();
    const alive = await Node.open(t, redis);
    await alive.noted('of one who lives');
    const heir = await Node.open(t, redis);
    await until('the heir', () => heir.texts.length + alive.texts.length > 0);
    const [all] = [heir, alive].filter(({ texts }) => texts.length > 0);
    await all?.inherits(...numbers(12).slice(2));
    assert.equal(heir.texts.length + alive.texts.length, 10);
  });

  it('takes nothing over before it is told to', async (t) => {
    const redis = await startRedis(t);
    const dead = await Node.open(t, redis);
    await dead.noted('a');
    await dead.ledger.close();
    const node = new Node(t, redis);
    await node.connect();
    await sleep(4 * BEAT_MS);
    assert.deepEqual(node.texts, []);
    node.ledger.inherit();
    await node.inherits('a');
  });

  it('leaves nothing in Redis of what was struck, and writes nothing of what was struck at once', async (t) => {
    const redis = await startRedis(t);
    const dead = await Node.open(t, redis, SILENT);
    await dead.noted('a', 'b');
    const heir = await Node.open(t, redis);
    await heir.inherits('a', 'b');
    const own = await heir.noted('c');
    assert.equal((await keysIn(redis)).length, 3);
    for (const entry of [...heir.entries, ...own]) entry.strike();
    await until('an empty Redis', async () => (await keysIn(redis)).length === 0);
    const before = await changesIn(redis);
    for (const entry of heir.note('d', 'e')) entry.strike();
    // Behind those, if they were written.
    await heir.noted('f');
    assert.deepEqual(await changesIn(redis), { ...before, hset: (before['hset'] ?? 0) + 1 });
  });

  it('gives each entry to one heir, however many there are, and all of one node to the same', async (t) => {
    const redis = await startRedis(t);
    const dead = await Promise.all([0, 1, 2].map(() => Node.open(t, redis, SILENT)));
    await Promise.all(dead.map((node, i) => node.noted(...numbers(1200).map((n) => `${i}-${n}`))));
    const heirs = await Promise.all(numbers(4).map(() => Node.open(t, redis)));
    const count = (): number => heirs.reduce((sum, { texts }) => sum + texts.length, 0);
    await until('all', () => count() >= 3600);
    await sleep(2 * DEAD_MS);
    assert.equal(count(), 3600);
    for (const i of [0, 1, 2]) {
      const [texts, ...others] = heirs.map((heir) => heir.texts.filter((text) => text.startsWith(`${i}-`)));
      const found = [texts ?? [], ...others].filter(({ length }) => length > 0);
      assert.deepEqual(found, [numbers(1200).map((n) => `${i}-${n}`)]);
    }
  });

  it('gives an heir only what it has room for, and the rest when it has some, or to another', async (t) => {
    const redis = await startRedis(t);
    const dead = await Node.open(t, redis, SILENT);
    await dead.noted(...numbers(500));
    await dead.ledger.close();
    const heir = new Node(t, redis);
    heir.room = 250;
    await heir.open();
    await heir.inherits(...numbers(250));
    await sleep(4 * BEAT_MS);
    assert.equal(heir.texts.length, 250);
    for (const entry of heir.entries) entry.strike();
    await heir.saved();
    heir.room = 100;
    await heir.inherits(...numbers(350));
    for (const entry of heir.entries) entry.strike();
    await heir.ledger.close();
    const last = await Node.open(t, redis);
    await last.inherits(...numbers(500).slice(350));
  });

  it('tells of a fault where entries are taken up, goes on behind it, and leaves them to the next heir', async (t) => {
    const redis = await startRedis(t);
    const dead = await Node.open(t, redis);
    await dead.noted('a fault', ...numbers(300));
    await dead.ledger.close();
    const heir = await Node.open(t, redis);
    await heir.inherits(...numbers(300).slice(199));
    await sleep(2 * BEAT_MS);
    assert.deepEqual(heir.errors, ['Error: a fault at 200']);
    for (const entry of heir.entries) entry.strike();
    await heir.ledger.close();
    const last = await Node.open(t, redis);
    await until('the fault', () => last.errors.length > 0);
  });

  it('tells what Redis refuses when it takes over, and nothing of a connection that breaks', async (t) => {
    const redis = await startRedis(t);
    const dead = await Node.open(t, redis);
    await dead.noted('a');
    await dead.ledger.close();
    const [key = ''] = (await redis.command('KEYS', `${PREFIX}ledger:*`)).split('\n');
    await redis.command('SET', key, 'no ledger');
    const heir = await Node.open(t, redis);
    await until('an error', () => heir.errors.length > 0);
    assert.match(heir.errors[0] ?? '', /WRONGTYPE/);
    const waiting = await Node.open(t, redis);
    // It asks for the dead at every beat.
    await redis.pause();
    await until('the loss', () => waiting.log.at(-1) === 'unreachable');
    redis.resume();
    await until('the return', () => waiting.log.at(-1) === 'reached');
    assert.deepEqual(waiting.errors, []);
  });

  it('gives on what an heir had not struck when it died, before what was its own', async (t) => {
    const redis = await startRedis(t);
    const first = await Node.open(t, redis, SILENT);
    await first.noted('a', 'b', 'c');
    await until('its death', async () => (await redis.command('KEYS', `${PREFIX}alive:*`)) === '');
    // It looks for the dead once, at its start.
    const second = await Node.open(t, redis, SILENT);
    await second.inherits('a', 'b', 'c');
    await second.noted('d');
    second.entries[1]?.strike();
    const third = await Node.open(t, redis);
    await third.inherits('a', 'c', 'd');
  });

  it('is left at once by a node that ends in order', async (t) => {
    const redis = await startRedis(t);
    const leaving = await Node.open(t, redis, { deadMs: 1_000_000 });
    const [struck] = await leaving.noted('a', 'b');
    struck?.strike();
    leaving.note('c');
    assert.equal(await leaving.ledger.close(), 0);
    const heir = await Node.open(t, redis);
    await heir.inherits('b', 'c');
  });

  it('tells a node that was taken for dead what is its no more, and does not take anything from its heir', async (t) => {
    const redis = await startRedis(t);
    const paused = await Node.open(t, redis, SILENT);
    const entries = await paused.noted('a', 'b');
    const heir = await Node.open(t, redis);
    await heir.inherits('a', 'b');
    entries[0]?.strike();
    const [late] = paused.note('late');
    await until('the news', () => paused.lost.length > 0);
    await paused.saved();
    assert.deepEqual(paused.lost, [new Set([entries[1]])], 'it has struck the other itself');
    assert.ok(late !== undefined && !paused.lost[0]?.has(late));
    // What it notes now is in a ledger of another name, and is given on when it seems dead once more.
    await heir.inherits('a', 'b', 'late');
    for (const entry of entries) entry.strike();
    const afterwards = await Node.open(t, redis, SILENT);
    await heir.ledger.close();
    await afterwards.ledger.close();
    const last = await Node.open(t, redis);
    await last.inherits('a', 'b', 'late');
  });

  it('outlives a Redis that loses everything: what is not struck by then is noted when it is back', async (t) => {
    const redis = await startRedis(t);
    const node = await Node.open(t, redis);
    const other = await Node.open(t, redis);
    const [before, gone] = await node.noted('before', 'gone');
    assert.ok(before !== undefined);
    await redis.kill();
    await until('the loss', () => node.log.includes('unreachable'));
    gone?.strike();
    const [brief] = node.note('brief', 'meanwhile');
    brief?.strike();
    assert.equal(node.ledger.unsaved, 1);
    await redis.start();
    await until('the return', () => node.log.includes('reached'));
    await node.saved();
    const texts = async (): Promise<string> => {
      const [key = ''] = (await redis.command('KEYS', `${PREFIX}ledger:*`)).split('\n');
      return redis.command('HVALS', key);
    };
    await until('both', async () => (await texts()).split('\n').toSorted().join() === 'before,meanwhile');
    await sleep(2 * DEAD_MS);
    assert.deepEqual([node.lost, other.lost, other.texts], [[], [], []], 'nobody was taken for dead');
    assert.deepEqual(node.log, ['unreachable', 'reached']);
  });

  it('writes again what was under way when the connection broke', async (t) => {
    const redis = await startRedis(t);
    const node = await Node.open(t, redis);
    await redis.pause();
    node.note('a');
    await sleep(2 * BEAT_MS);
    await redis.kill();
    await redis.start();
    await until('the return', () => node.log.includes('reached'));
    await node.saved();
    const heir = await Node.open(t, redis);
    await node.ledger.close();
    await heir.inherits('a');
  });

  it('takes nobody for dead who could not reach Redis either', async (t) => {
    const redis = await startRedis(t, ['--appendonly', 'yes']);
    const nodes = await Promise.all(numbers(4).map(() => Node.open(t, redis, { deadMs: 3000, timeoutMs: 5000 })));
    for (const node of nodes) await node.noted('a');
    await redis.kill();
    await until('the loss', () => nodes.every(({ log }) => log.includes('unreachable')));
    // Nobody seems to live, and each comes back in its own time.
    await sleep(3500);
    await redis.start();
    assert.equal((await keysIn(redis)).length, 5, 'what was noted is there');
    await until('the return', () => nodes.every(({ log }) => log.includes('reached')));
    await sleep(3500);
    for (const { texts, lost } of nodes) assert.deepEqual([texts, lost], [[], []]);
  });

  it('tells that Redis does not take what it is given, and writes it when it does', async (t) => {
    const redis = await startRedis(t);
    const node = await Node.open(t, redis);
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    node.note('a');
    await until('the refusal', () => node.log.includes('unreachable'));
    assert.equal(node.ledger.unsaved, 1);
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    await node.saved();
    assert.deepEqual(node.log, ['unreachable', 'reached']);
  });

  it('says at its end how much is noted nowhere, and does not wait for a Redis that hangs', async (t) => {
    const redis = await startRedis(t);
    const node = await Node.open(t, redis);
    await node.noted('a');
    await redis.pause();
    node.note('b', 'c');
    const from = performance.now();
    assert.equal(await node.ledger.close(), 2);
    assert.ok(performance.now() - from < 1500);
    redis.resume();
  });

  it('takes entries of many megabytes together', async (t) => {
    const redis = await startRedis(t);
    const leaving = await Node.open(t, redis);
    const large = numbers(30).map((n) => `${n}${'x'.repeat(300_000)}`);
    await leaving.noted(...large, ...numbers(3000));
    await leaving.ledger.close();
    const heir = await Node.open(t, redis);
    await heir.inherits(...large, ...numbers(3000));
  });

  it('needs no more rights than the README says', async (t) => {
    const rights =
      '+ping +info +eval +get +set +del +exists +hset +hdel +hkeys +hmget +sadd +srem +smembers +rename +incr';
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8').replaceAll(/\s+/g, ' ');
    assert.ok(readme.includes(`\`~<prefix>*\`, and \`${rights}\``), rights);
    const redis = await startRedis(t, ['--user', 'ledger', 'on', '>password', `~${PREFIX}*`, ...rights.split(' ')]);
    const connection = { ...ACCESS, ...AS_USER, address: { host: '127.0.0.1', port: redis.port } };
    const dead = await Node.open(t, redis, { connection, ...SILENT });
    await dead.noted('a', 'b');
    const heir = await Node.open(t, redis, { connection });
    await heir.inherits('a', 'b');
    for (const entry of heir.entries) entry.strike();
    await until('an empty Redis', async () => (await keysIn(redis)).length === 0);
    await heir.noted('c');
    assert.equal(await heir.ledger.close(), 0);
    const last = await Node.open(t, redis, { connection, deadMs: 1_000_000 });
    await last.inherits('c');
    assert.deepEqual([...dead.log, ...heir.log, ...last.log], []);
  });

  it('says where it cannot connect, and why', async (t) => {
    const nowhere = await freePort();
    await assert.rejects(new Node(t, nowhere).open(), (error: Error) => {
      assert.ok(error instanceof ConnectionError);
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${nowhere}: .*ECONNREFUSED`));
      return true;
    });
  });
});
