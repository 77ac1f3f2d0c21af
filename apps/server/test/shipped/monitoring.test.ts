import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort, ServerProcess, type SluiceProcess, until } from '@sluice/testkit';
import { connect, overRedis, Publisher, startNodes } from '../nodes/nodes.ts';

const CONFIG = fileURLToPath(new URL('../../../../config', import.meta.url));
const PROMETHEUS = join(CONFIG, 'prometheus/prometheus.yml');
const READY_WITHIN_MS = 30_000;
const SCRAPED_WITHIN_MS = 30_000;

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly datasource: { readonly uid: string };
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}

function dashboard(): Dashboard {
  return JSON.parse(readFileSync(join(CONFIG, 'grafana/dashboards/sluice.json'), 'utf8')) as Dashboard;
}

/** A real prometheus with the file that is shipped, of which only the targets and the interval are others. */
async function startPrometheus(targets: readonly string[]): Promise<ServerProcess> {
  const port = await freePort();
  const text = readFileSync(PROMETHEUS, 'utf8')
    .replace(/targets: .*/, `targets: ${JSON.stringify(targets)}`)
    .replace('scrape_interval: 10s', 'scrape_interval: 500ms');
  const server = new ServerProcess({
    command: 'prometheus',
    debian: 'prometheus',
    port,
    args: (folder) => {
      const file = join(folder, 'prometheus.yml');
      writeFileSync(file, text);
      return [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ];
    },
  });
  await server.start();
  // It listens before it has read its data, and answers 503 until then.
  const isReady = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok;
  await until('prometheus to be ready', isReady, READY_WITHIN_MS).catch(async (error: unknown) => {
    await server[Symbol.asyncDispose]();
    throw error;
  });
  return server;
}

describe('What is shipped to watch Sluice with', { timeout: 120_000 }, () => {
  it('has nothing that promtool calls an error', () => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'config', PROMETHEUS], { encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
  });

  it('finds every node, and something to show in every panel', async (t) => {
    const nodes = await startNodes(t, await overRedis(t), { workers: 1 });
    const prometheus = await startPrometheus(nodes.map(({ metricsPort }) => `127.0.0.1:${metricsPort}`));
    t.after(() => prometheus[Symbol.asyncDispose]());
    const ask = async (query: string): Promise<Answer> => {
      const url = `http://127.0.0.1:${prometheus.port}/api/v1/query?query=${encodeURIComponent(query)}`;
      return (await (await fetch(url)).json()) as Answer;
    };
    await until(
      'both to be scraped',
      async () => (await ask('sum(up)')).data?.result[0]?.value[1] === '2',
      SCRAPED_WITHIN_MS,
    );
    const [a, b] = nodes as [SluiceProcess, SluiceProcess];
    await connect(t, a, ['news']);
    const publisher = new Publisher(b, { event: 'e', channel: 'news', everyMs: 50 });
    // One that goes, to be counted among the closed.
    await (await connect(t, b)).close();
    for (const { title, targets, datasource } of dashboard().panels) {
      assert.equal(datasource.uid, 'prometheus');
      for (const { expr } of targets) {
        const query = expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '5s');
        await until(`${title}: ${query}`, async () => {
          const { status, error, data } = await ask(query);
          assert.equal(status, 'success', `${title}: ${error ?? ''}`);
          return data?.result.some(({ value: [, figure] }) => Number.isFinite(Number(figure)));
        });
      }
    }
    await publisher.stop();
  });
});
