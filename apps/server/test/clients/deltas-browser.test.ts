import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PAGE, workerScript } from '@sluice/client/testing';
import { ApiClient, APP, CHROMIUM_ARGUMENTS, findChromium, SluiceProcess, until } from '@sluice/testkit';
import { type Browser, chromium, type Page } from 'playwright-core';
import { Backend, type Page as Document } from './backend.ts';
import { publisherOn } from './support.ts';

/** Longer than elsewhere: a browser on a busy machine takes its time. */
const TIMEOUT_MS = 15_000;
const TEXT = 'what stays the same from one price to the next '.repeat(20);

const server = await SluiceProcess.start({ workers: 2 });
after(() => server[Symbol.asyncDispose]());
const api = new ApiClient(server.port);
after(() => api[Symbol.dispose]());

/** What a page or a worker runs; it tells the page what came. */
const CLIENT = `
  const deltas = Sluice.installDeltas(Pusher, { channels: { 'market-*': { filter: Sluice.eq('region', 'eu') } } });
  const client = new Pusher('${APP.key}', {
    cluster: 'local', wsHost: '127.0.0.1', wsPort: ${server.port}, forceTLS: false, enabledTransports: ['ws'],
  });
  const channel = client.subscribe(new URLSearchParams(location.search).get('channel'));
  channel.bind('pusher:subscription_succeeded', () => tell({ price: 'subscribed' }));
  channel.bind('price', ({ price, text }) => tell({ price, length: text.length, stats: deltas.stats() }));`;

const WORKER = workerScript(CLIENT);

const backend = await Backend.listen(publisherOn(server.port), documents());
after(() => backend[Symbol.asyncDispose]());
let browser: Browser | undefined;
after(() => browser?.close());

before(async () => {
  browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_ARGUMENTS });
});

test('pusher-js in a page gets deltas as whole events, and only those that its filter lets through', (t) =>
  getsDeltas(t, 'channel=market-page'));

test('pusher-js in a Web Worker does too', (t) => getsDeltas(t, 'channel=market-worker&worker'));

async function getsDeltas(t: TestContext, query: string): Promise<void> {
  const page = await browser?.newPage();
  assert.ok(page !== undefined);
  t.after(() => page.close());
  await page.goto(backend.url(`/?${query}`));
  await seenBy(page, 1);
  const channel = new URLSearchParams(query).get('channel');
  for (const price of ['1 €', '2 😀', '3 €', '4 "']) {
    for (const region of ['us', 'eu']) {
      const data = JSON.stringify({ price: region === 'eu' ? price : 'none', text: TEXT });
      const body = { name: 'price', channel, data, tags: { region } };
      assert.equal((await api.send({ method: 'POST', path: '/events', body })).status, 200);
    }
  }
  const [subscribed, ...prices] = await seenBy(page, 5);
  assert.equal(subscribed?.price, 'subscribed');
  assert.deepEqual(
    prices.map(({ price, length }) => [price, length]),
    ['1 €', '2 😀', '3 €', '4 "'].map((price) => [price, TEXT.length]),
  );
  const stats = prices.at(-1)?.stats;
  assert.deepEqual([stats?.fulls, stats?.failures], [1, 0]);
  assert.equal(stats?.deltas, 3);
}

interface Seen {
  readonly price: string;
  readonly length?: number;
  readonly stats?: { readonly deltas: number; readonly fulls: number; readonly failures: number };
}

async function seenBy(page: Page, count: number): Promise<readonly Seen[]> {
  await until(`${count} things on the page`, () => page.evaluate<boolean>(`seen.length >= ${count}`), TIMEOUT_MS);
  return page.evaluate<readonly Seen[]>('seen');
}

/** Pages, and the scripts as they are published. */
function documents(): Readonly<Record<string, Document>> {
  const script = (content: string): Document => ({ type: 'text/javascript', content });
  const folder = new URL('.', import.meta.resolve('@sluice/client/browser'));
  const published = readdirSync(folder).filter((name) => name.endsWith('.js'));
  return {
    '/': { type: 'text/html', content: PAGE },
    '/client.js': script(CLIENT),
    '/worker.js': script(WORKER),
    '/pusher.js': script(sourceOf('pusher-js/dist/web/pusher.min.js')),
    '/pusher.worker.js': script(sourceOf('pusher-js/dist/worker/pusher.worker.min.js')),
    ...Object.fromEntries(
      published.map((name) => [`/scripts/${name}`, script(readFileSync(new URL(name, folder), 'utf8'))]),
    ),
  };
}

function sourceOf(specifier: string): string {
  return readFileSync(fileURLToPath(import.meta.resolve(specifier)), 'utf8');
}
