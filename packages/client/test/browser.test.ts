import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CHROMIUM_ARGUMENTS, findChromium, until } from '@sluice/testkit';
import { build } from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { BUNDLES } from '../scripts/bundles.ts';
import { PAGE, workerScript } from './client-page.ts';
import { delta, full, plain } from './link.ts';
import { ScriptedServer } from './scripted-server.ts';

/** Longer than elsewhere: a browser on a busy machine takes its time. */
const TIMEOUT_MS = 15_000;

/** What a page or a worker runs; it tells the page what came. */
const CLIENT = `
  const deltas = Sluice.installDeltas(Pusher, { channels: { 'market-*': { filter: Sluice.eq('asset', 'BTC') } } });
  const client = new Pusher('key', {
    cluster: 'local', wsHost: '127.0.0.1', wsPort: new URLSearchParams(location.search).get('port'),
    forceTLS: false, enabledTransports: ['ws'],
  });
  client.subscribe('market-data').bind('price-update', (data) => tell({ price: data.price, stats: deltas.stats() }));`;

const WORKER = workerScript(CLIENT);

let browser: Browser;
let pages: Server;

before(async () => {
  const documents = new Map([
    ['/', PAGE],
    ['/client.js', CLIENT],
    ['/worker.js', WORKER],
    ['/pusher.js', sourceOf('pusher-js/dist/web/pusher.min.js')],
    ['/pusher.worker.js', sourceOf('pusher-js/dist/worker/pusher.worker.min.js')],
  ]);
  for (const options of [BUNDLES.script, ...BUNDLES.decoders]) {
    const { outputFiles } = await build({ ...options, write: false });
    for (const { path, text } of outputFiles) documents.set(`/scripts/${path.slice(path.lastIndexOf('/') + 1)}`, text);
  }
  pages = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const document = documents.get(path);
    response.setHeader('content-type', path === '/' ? 'text/html' : 'text/javascript');
    response.writeHead(document === undefined ? 404 : 200).end(document);
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_ARGUMENTS });
});

after(async () => {
  await browser.close();
  pages.close();
});

it('pusher-js in a page gets the events of deltas, from the script tag alone', (t) => getsDeltas(t, ''));

it('pusher-js in a Web Worker does too', (t) => getsDeltas(t, '&worker'));

async function getsDeltas(t: TestContext, query: string): Promise<void> {
  const server = await ScriptedServer.listen();
  t.after(() => server[Symbol.asyncDispose]());
  const page = await browser.newPage();
  t.after(() => page.close());
  const { port } = pages.address() as AddressInfo;
  await page.goto(`http://127.0.0.1:${port}/?port=${server.port}${query}`);
  await until('the subscription', () => server.received.some(({ event }) => event === 'pusher:subscribe'), TIMEOUT_MS);
  assert.deepEqual(server.received, [
    { event: 'pusher:enable_delta_compression', data: { algorithms: ['fossil', 'xdelta3'], binary: true } },
    {
      event: 'pusher:subscribe',
      data: { filter: { key: 'asset', cmp: 'eq', val: 'BTC' }, auth: '', channel: 'market-data' },
    },
  ]);
  server.send(
    full(plain('1 €'), 1, 'BTC'),
    delta({ base: plain('1 €'), target: plain('2 😀'), seq: 2, baseSeq: 1, key: 'BTC' }),
    delta({ base: plain('2 😀'), target: plain('3 €'), seq: 3, baseSeq: 2, key: 'BTC', algorithm: 'xdelta3' }),
  );
  const seen = await seenBy(page, 3);
  assert.deepEqual(
    seen.map(({ price }) => price),
    ['1 €', '2 😀', '3 €'],
  );
  assert.equal(seen[2]?.stats.deltas, 2);
  assert.equal(seen[2]?.stats.failures, 0);
}

interface Seen {
  readonly price: string;
  readonly stats: { readonly deltas: number; readonly failures: number };
}

async function seenBy(page: Page, count: number): Promise<readonly Seen[]> {
  await until(`${count} prices on the page`, () => page.evaluate<boolean>(`seen.length >= ${count}`), TIMEOUT_MS);
  return page.evaluate<readonly Seen[]>('seen');
}

function sourceOf(specifier: string): string {
  return readFileSync(fileURLToPath(import.meta.resolve(specifier)), 'utf8');
}
