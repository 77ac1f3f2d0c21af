import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { CHROMIUM_ARGUMENTS, findChromium, SluiceProcess, until } from '@sluice/testkit';
import { type Browser, chromium, type Page } from 'playwright-core';
import { Backend, FORBIDDEN } from './backend.ts';
import { documents } from './documents.ts';
import { publisherOn } from './support.ts';

/** Longer than elsewhere: a browser on a busy machine takes its time. */
const TIMEOUT_MS = 15_000;

// Started as a person would, so that there is a banner; the usual way waits for a line of JSON.
const server = await SluiceProcess.spawn({ workers: 3, env: { LOG_OUTPUT_FORMAT: 'human' } });
after(() => server[Symbol.asyncDispose]());
const publisher = publisherOn(server.port);
const backend = await Backend.listen(publisher, documents(server.port));
after(() => backend[Symbol.asyncDispose]());
let browser: Browser | undefined;
after(() => browser?.close());

before(async () => {
  browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_ARGUMENTS });
  await until('the banner', () => server.hasExited || server.output.includes('new WebSocket('), 20_000);
  assert.ok(!server.hasExited, server.output);
});

test('pusher-js in a browser gets what is published', async (t) => {
  const page = await visit(t, '/pusher', 'alice');
  await subscribe(page, 'news');
  const data = { text: 'grün 水 🌊', list: [1, null] };
  await publisher.triggerBatch([
    { channel: 'news', name: 'told', data },
    { channel: 'news', name: 'told', data: 'a string' },
  ]);
  assert.deepEqual(await seen(page, 2), [
    ['news', 'told', data],
    ['news', 'told', 'a string'],
  ]);
});

test('pages in one presence channel see each other come, and go when the page is closed', async (t) => {
  const [alice, bob] = await Promise.all([visit(t, '/pusher', 'alice'), visit(t, '/pusher', 'bob')]);
  await subscribe(alice, 'presence-lobby');
  await subscribe(bob, 'presence-lobby');
  const members = "Object.keys(client.channel('presence-lobby').members.members).sort().join()";
  assert.equal(await bob.evaluate(members), 'alice,bob');
  const member = { id: 'bob', info: { name: 'Bob' } };
  assert.deepEqual(await seen(alice, 1), [['presence-lobby', 'pusher:member_added', member]]);
  assert.equal(await alice.evaluate(members), 'alice,bob');

  await bob.close();
  assert.deepEqual((await seen(alice, 2))[1], ['presence-lobby', 'pusher:member_removed', member]);
  assert.equal(await alice.evaluate(members), 'alice');
});

test('a client event goes from one page to the other and not back', async (t) => {
  const [alice, bob] = await Promise.all([visit(t, '/pusher', 'alice'), visit(t, '/pusher', 'bob')]);
  await Promise.all([alice, bob].map((page) => subscribe(page, 'private-chat')));
  await alice.evaluate("client.channel('private-chat').trigger('client-typing', { who: 'alice' })");
  assert.deepEqual(await seen(bob, 1), [['private-chat', 'client-typing', { who: 'alice' }]]);
  await bob.evaluate("client.channel('private-chat').trigger('client-typing', { who: 'bob' })");
  assert.deepEqual(await seen(alice, 1), [['private-chat', 'client-typing', { who: 'bob' }]]);
});

test('on a presence channel the other page learns who sent the event', async (t) => {
  const [alice, bob] = await Promise.all([visit(t, '/pusher', 'alice'), visit(t, '/pusher', 'bob')]);
  await subscribe(alice, 'presence-chat');
  await subscribe(bob, 'presence-chat');
  await alice.evaluate("client.channel('presence-chat').trigger('client-typing', { n: 1 })");
  assert.deepEqual(await seen(bob, 1), [['presence-chat', 'client-typing', { n: 1 }, 'alice']]);
});

test('a private channel that the endpoint refuses rejects, and the page goes on', async (t) => {
  const page = await visit(t, '/pusher', 'alice');
  await assert.rejects(subscribe(page, `private-${FORBIDDEN}`), /AuthError.*403/s);
  await subscribe(page, 'private-allowed');
  await publisher.trigger('private-allowed', 'told', 1);
  assert.deepEqual(await seen(page, 1), [['private-allowed', 'told', 1]]);
});

test('the bundle with encryption deciphers what is published to an encrypted channel', async (t) => {
  const page = await visit(t, '/encrypted', 'alice');
  await subscribe(page, 'private-encrypted-ledger');
  await publisher.trigger('private-encrypted-ledger', 'told', { amount: 12, note: '水' });
  assert.deepEqual(await seen(page, 1), [['private-encrypted-ledger', 'told', { amount: 12, note: '水' }]]);
});

test('Echo in a browser hears events by class name, and whispers', async (t) => {
  const [alice, bob] = await Promise.all([visit(t, '/echo', 'alice'), visit(t, '/echo', 'bob')]);
  await Promise.all([alice, bob].map((page) => subscribe(page, 'orders')));
  await publisher.trigger('private-orders', 'App\\Events\\OrderShipped', { order: { id: 1 } });
  const shipped = ['orders', 'OrderShipped', { order: { id: 1 } }];
  assert.deepEqual(await seen(bob, 1), [shipped]);
  await alice.evaluate("void client.private('orders').whisper('typing', { name: 'Alice' })");
  assert.deepEqual(await seen(bob, 2), [shipped, ['orders', 'typing', { name: 'Alice' }]]);
  assert.deepEqual(await seen(alice, 1), [shipped]);
});

test('a browser takes compressed messages that are shared with others, and sends its own compressed', async (t) => {
  await using compressing = await SluiceProcess.start({ config: { websocket: { compression: 'shared' } } });
  const itsPublisher = publisherOn(compressing.port);
  await using itsBackend = await Backend.listen(itsPublisher, documents(compressing.port));
  const alice = await newPage(t);
  const devtools = await alice.context().newCDPSession(alice);
  const answers: string[] = [];
  devtools.on('Network.webSocketHandshakeResponseReceived', ({ response }) => answers.push(response.headersText ?? ''));
  await devtools.send('Network.enable');
  const bob = await newPage(t);
  await alice.goto(itsBackend.url('/pusher?user=alice'));
  await bob.goto(itsBackend.url('/pusher?user=bob'));
  await Promise.all([alice, bob].map((page) => subscribe(page, 'private-chat')));
  assert.match(answers.join(), /^Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover;/im);

  const long = { text: 'grün 水 🌊 '.repeat(400) };
  for (const data of [long, 'short', long]) await itsPublisher.trigger('private-chat', 'told', data);
  await alice.evaluate(`client.channel('private-chat').trigger('client-typing', ${JSON.stringify(long)})`);
  const told = [long, 'short', long].map((data) => ['private-chat', 'told', data]);
  assert.deepEqual(await seen(alice, 3), told);
  assert.deepEqual(await seen(bob, 4), [...told, ['private-chat', 'client-typing', long]]);
  const [, sent] = /^sluice_socket_transmitted_bytes\{.*\} (\d+)$/m.exec(await compressing.exposition()) ?? [];
  // Five long ones of about 7 KB each, and two connections with all that belongs to them.
  assert.ok(Number(sent) < 7000, `${sent} bytes`);
});

test('what the start banner offers for the console prints the greeting, the confirmation and what is published', async (t) => {
  const snippet = /^ *(ws = new WebSocket\(.*)$/m.exec(server.output)?.[1];
  assert.ok(snippet !== undefined, server.output);
  const page = await visit(t, '/blank', 'alice');
  const printed: string[] = [];
  page.on('console', (message) => printed.push(message.text()));
  const devtools = await page.context().newCDPSession(page);
  // As the console does it: assignments without a declaration, and the value is shown, not called.
  const { exceptionDetails } = await devtools.send('Runtime.evaluate', { expression: snippet, replMode: true });
  assert.equal(exceptionDetails, undefined);
  await until('greeting and confirmation', () => printed.length === 2, TIMEOUT_MS);
  await publisher.trigger('hello', 'greeting', { text: 'hi' });
  await until('the event', () => printed.length === 3, TIMEOUT_MS);
  assert.match(printed[0] ?? '', /^\{"event":"pusher:connection_established","data":"\{\\"socket_id\\":\\"\d+\.\d+\\"/);
  assert.deepEqual(
    printed.slice(1).map((line): unknown => JSON.parse(line)),
    [
      { event: 'pusher_internal:subscription_succeeded', channel: 'hello', data: '{}' },
      { event: 'greeting', channel: 'hello', data: '{"text":"hi"}' },
    ],
  );
});

async function visit(t: TestContext, path: string, user: string): Promise<Page> {
  const page = await newPage(t);
  await page.goto(backend.url(`${path}?user=${user}`));
  return page;
}

async function newPage(t: TestContext): Promise<Page> {
  assert.ok(browser);
  const page = await browser.newPage();
  t.after(() => page.close());
  return page;
}

async function subscribe(page: Page, channel: string): Promise<void> {
  await page.evaluate(`subscribe(${JSON.stringify(channel)})`);
}

/** What came to the page, once there is that much. */
async function seen(page: Page, length: number): Promise<readonly unknown[]> {
  await until(`${length} events on the page`, () => page.evaluate<boolean>(`seen.length >= ${length}`), TIMEOUT_MS);
  return page.evaluate<readonly unknown[]>('seen');
}
