import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SluiceProcess, until } from '@sluice/testkit';
import { connect, dataOfAll, overNats, overRedis, Publisher, startNodes } from './nodes.ts';

const CHANNEL = 'news';
const EVERY_MS = 10;

async function isDegraded(node: SluiceProcess): Promise<boolean> {
  return (await (await fetch(node.url('/up'))).text()) === 'DEGRADED';
}

for (const [name, join, awayMs] of [
  ['Redis', overRedis, { killed: 10_000, stopped: 5000 }],
  ['NATS', overNats, { killed: 2000, stopped: 2000 }],
] as const) {
  describe(`Messages between nodes over ${name}`, { timeout: 120_000 }, () => {
    it('come to the subscribers of all nodes, in order', async (t) => {
      const [a, b] = (await startNodes(t, await join(t))) as [SluiceProcess, SluiceProcess];
      const clients = await Promise.all([a, a, b, b].map((node) => connect(t, node, [CHANNEL])));
      const publishers = [a, b].map((node, i) => new Publisher(node, { event: `e${i}`, channel: CHANNEL, everyMs: 5 }));
      await sleep(1000);
      await Promise.all(publishers.map((publisher) => publisher.stop()));
      for (const client of clients) {
        for (const [i, { sent, expected }] of publishers.entries()) {
          assert.deepEqual(await dataOfAll(client, `e${i}`, sent), expected);
        }
      }
    });

    for (const [how, down, up] of [
      ['is killed', 'SIGKILL', null],
      ['stands still', 'SIGSTOP', 'SIGCONT'],
    ] as const) {
      const downMs = up === null ? awayMs.killed : awayMs.stopped;
      it(`are not lost while ${name} ${how}, and come in order when it is back`, async (t) => {
        const joined = await join(t);
        const nodes = (await startNodes(t, joined)) as [SluiceProcess, SluiceProcess];
        const clients = await Promise.all(nodes.map((node) => connect(t, node, [CHANNEL])));
        const publishers = nodes.map((node, i) => {
          return new Publisher(node, { event: `e${i}`, channel: CHANNEL, everyMs: EVERY_MS });
        });
        await sleep(500);
        if (down === 'SIGKILL') await joined.server.kill();
        else joined.server.signal(down);
        await until('both nodes to notice', async () => (await Promise.all(nodes.map(isDegraded))).every(Boolean));
        // One who comes meanwhile is served by its node, and gets what the other publishes when it is back.
        const late = await connect(t, nodes[1], [CHANNEL]);
        const lateFrom = publishers[1]?.sent ?? 0;
        await sleep(downMs);
        if (up === null) await joined.server.start();
        else joined.server.signal(up);
        await until(
          'both nodes to meet',
          async () => !(await Promise.all(nodes.map(isDegraded))).some(Boolean),
          15_000,
        );
        await sleep(500);
        await Promise.all(publishers.map((publisher) => publisher.stop()));
        for (const client of clients) {
          for (const [i, { sent, expected, failures }] of publishers.entries()) {
            assert.deepEqual(failures, []);
            assert.deepEqual(await dataOfAll(client, `e${i}`, sent), expected);
          }
        }
        const local = (await dataOfAll(late, 'e1', 1)).map(Number);
        assert.ok((local[0] ?? Infinity) <= lateFrom + 5, 'its own node serves it at once');
        assert.deepEqual(
          local,
          Array.from({ length: local.length }, (_, i) => (local[0] ?? 0) + i),
        );
        let remote: number[] = [];
        await until('the last of the other node to come to it', async () => {
          remote = (await dataOfAll(late, 'e0', 1)).map(Number);
          return remote.at(-1) === (publishers[0]?.sent ?? 0) - 1;
        });
        assert.deepEqual(
          remote,
          Array.from({ length: remote.length }, (_, i) => (remote[0] ?? 0) + i),
        );
      });
    }
  });
}
