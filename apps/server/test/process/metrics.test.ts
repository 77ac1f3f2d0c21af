import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PRIMARY_METRICS, WORKER_METRICS } from '@sluice/telemetry';
import { ApiClient, APP, RawClient, SluiceProcess, until } from '@sluice/testkit';
import { sumOf, untilMetric } from './support.ts';

const WORKERS = 3;
const HAS_PROMTOOL = spawnSync('promtool', ['--version']).status === 0;

/** The exit code of promtool when it can read everything and would name something differently. */
const PROMTOOL_ADVICE = 3;
/** Names that dashboards for Sockudo know, and those of prom-client for every Node program. */
const KNOWN_ADVICE =
  /^(?:sluice_(?:http|socket)_(?:received|transmitted)_bytes counter metrics should have|nodejs_active_(?:handles|requests|resources)_total non-counter metrics should not have) "_total" suffix$/;

/** The size on the wire of an unmasked frame with this text. */
function wireBytes(text: string): number {
  const length = Buffer.byteLength(text);
  return length + (length < 126 ? 2 : 4);
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

describe('The metrics of a node', () => {
  let server: SluiceProcess;
  let clients: RawClient[];
  let sentBytes = 0;
  let sentMessages = 0;
  const bodies: string[] = [];
  const answers: string[] = [];

  async function use(): Promise<void> {
    clients = await Promise.all(Array.from({ length: 6 }, () => RawClient.connect(server.wsUrl)));
    const send = (client: RawClient, content: unknown): void => {
      const text = JSON.stringify(content);
      sentMessages++;
      sentBytes += Buffer.byteLength(text);
      client.sendText(text);
    };
    for (const client of clients) {
      send(client, { event: 'pusher:subscribe', data: { channel: 'news', auth: '' } });
      await client.next('pusher_internal:subscription_succeeded');
    }
    for (const [i, client] of clients.entries()) {
      await client.subscribePresence('presence-room', { user_id: String(i) });
    }
    using api = new ApiClient(server.port);
    for (let i = 0; i < 5; i++) {
      bodies.push(JSON.stringify({ name: 'e', channel: 'news', data: 'x'.repeat(100 * i) }));
      answers.push((await api.send({ method: 'POST', path: '/events', body: bodies.at(-1) })).text);
    }
    answers.push((await api.get('/channels')).text);
    await api.send({ path: '/channels', override: { auth_signature: 'bad' } });
    for (const client of clients)
      await until('all events', () => client.frames.filter(({ event }) => event === 'e').length === 5);
    const [leaving, binary] = clients;
    send(leaving as RawClient, { event: 'pusher:unsubscribe', data: { channel: 'news' } });
    await leaving?.close();
    binary?.ws.send(Buffer.from('binary'));
    await binary?.nextClose();
    const strangers = [server.wsUrl.replace(APP.key, 'nobody'), server.url('/elsewhere').replace('http', 'ws')].map(
      (url) => RawClient.open(url),
    );
    await Promise.all(strangers.map((stranger) => stranger.nextClose()));
  }

  before(async () => {
    server = await SluiceProcess.start({ workers: WORKERS });
    await use();
    await untilMetric(server, 'closed_connections_total', 4);
  });

  after(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await server[Symbol.asyncDispose]();
  });

  it('stand in one exposition for all workers, each metric once', async () => {
    const text = await server.exposition();
    for (const { name, type } of [...Object.values(WORKER_METRICS), ...Object.values(PRIMARY_METRICS)]) {
      assert.equal(text.split(`# TYPE sluice_${name} ${type}\n`).length, 2, name);
    }
    const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const names = samples.map((line) => line.slice(0, line.lastIndexOf(' ')));
    assert.equal(new Set(names).size, names.length, 'no sample twice');
    assert.equal(sumOf(text, 'workers'), WORKERS);
    for (let slot = 0; slot < WORKERS; slot++)
      assert.ok(sumOf(text, 'worker_resident_memory_bytes', { worker: String(slot) }) > 10_000_000);
    const response = await fetch(`http://127.0.0.1:${server.metricsPort}/metrics`);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    assert.equal((await fetch(`http://127.0.0.1:${server.metricsPort}/`)).status, 404);
    assert.equal((await fetch(server.url('/metrics'))).status, 404, 'not on the port for clients');
  });

  it('count connections, their ends and refused handshakes', async () => {
    const text = await server.exposition();
    const app = { app_id: APP.id };
    assert.equal(sumOf(text, 'new_connections_total', app), 6);
    assert.equal(sumOf(text, 'new_disconnections_total', app), 2);
    assert.equal(sumOf(text, 'connected', app), 4);
    const codes = Object.fromEntries(
      ['1003', '1005', '4001', '4005'].map((code) => [code, sumOf(text, 'closed_connections_total', { code })]),
    );
    assert.deepEqual(codes, { 1003: 1, 1005: 1, 4001: 1, 4005: 1 });
    assert.equal(sumOf(text, 'connection_errors_total', { error_type: 'app_not_found' }), 1);
    assert.equal(sumOf(text, 'connection_errors_total', { error_type: 'path_not_found' }), 1);
    assert.equal(sumOf(text, 'connection_errors_total'), 2);
  });

  it('count every message that clients got and sent, to the byte', async () => {
    const text = await server.exposition();
    assert.equal(sumOf(text, 'ws_messages_sent_total'), total(clients.map(({ texts }) => texts.length)));
    assert.equal(
      sumOf(text, 'socket_transmitted_bytes'),
      total(clients.map(({ texts }) => total(texts.map(wireBytes)))),
    );
    const presence = 6;
    const binary = 1;
    assert.equal(sumOf(text, 'ws_messages_received_total'), sentMessages + presence + binary);
    assert.ok(sumOf(text, 'socket_received_bytes') > sentBytes);
    assert.equal(sumOf(text, 'websocket_queued_bytes'), 0);
  });

  it('count subscriptions and channels by kind', async () => {
    const text = await server.exposition();
    const byKind = (name: string): number[] =>
      ['public', 'presence', 'private'].map((kind) => sumOf(text, name, { channel_type: kind }));
    assert.deepEqual(byKind('channel_subscriptions_total'), [6, 6, 0]);
    assert.deepEqual(byKind('channel_unsubscriptions_total'), [2, 2, 0]);
    assert.deepEqual(byKind('active_channels'), [1, 1, 0], 'one on several workers is one');
  });

  it('tell how long the bus takes to each worker', async () => {
    const text = await server.exposition();
    for (let worker = 0; worker < WORKERS; worker++) {
      const seconds = sumOf(text, 'bus_round_trip_seconds', { worker: String(worker) });
      assert.ok(seconds > 0 && seconds < 1, `${seconds} s to worker ${worker}`);
    }
  });

  it('count authenticated API calls with the bytes of bodies and answers', async () => {
    const text = await server.exposition();
    assert.equal(sumOf(text, 'http_calls_received_total', { app_id: APP.id }), 6);
    assert.equal(sumOf(text, 'http_received_bytes'), total(bodies.map((body) => Buffer.byteLength(body))));
    assert.equal(sumOf(text, 'http_transmitted_bytes'), total(answers.map((answer) => Buffer.byteLength(answer))));
  });

  it('time broadcasts on every worker that has subscribers', async () => {
    const text = await server.exposition();
    const labels = { channel_type: 'public', recipient_count_bucket: 'xs' };
    assert.ok(sumOf(text, 'broadcast_duration_seconds_count', labels) >= 5);
    assert.ok(sumOf(text, 'broadcast_duration_seconds_sum', labels) < 5, 'seconds, not milliseconds');
    assert.ok(sumOf(text, 'worker_cpu_seconds_total') > 0);
    // Of the time since the last scrape; there has to be some.
    await until('a delay of the event loop', async () => {
      await sleep(50);
      return sumOf(await server.exposition(), 'event_loop_delay_seconds') > 0;
    });
  });

  it('keep their counters when a worker dies', async () => {
    const earlier = await server.exposition();
    const [victim = 0] = server.workerPids();
    process.kill(victim, 'SIGKILL');
    await untilMetric(server, 'worker_restarts_total', 1);
    await untilMetric(server, 'workers', WORKERS);
    const later = await server.exposition();
    for (const name of ['new_connections_total', 'channel_subscriptions_total', 'http_calls_received_total']) {
      assert.equal(sumOf(later, name), sumOf(earlier, name), name);
    }
    // The others are told that the members of the dead worker have left.
    assert.ok(sumOf(later, 'ws_messages_sent_total') >= sumOf(earlier, 'ws_messages_sent_total'));
  });

  const skip = HAS_PROMTOOL ? false : 'promtool is not on the PATH';
  it('have nothing that promtool calls an error', { skip }, async () => {
    const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: await server.exposition(),
      encoding: 'utf8',
    });
    assert.ok(status === 0 || status === PROMTOOL_ADVICE, `${status}: ${stderr}`);
    const advice = stderr
      .trim()
      .split('\n')
      .filter((line) => line !== '' && !KNOWN_ADVICE.test(line));
    assert.deepEqual(advice, []);
  });
});

describe('The metrics port', () => {
  it('is not opened when metrics are off, and names carry the prefix when they are on', async () => {
    await using without = await SluiceProcess.start({ config: { metrics: { enabled: false } } });
    await assert.rejects(fetch(`http://127.0.0.1:${without.metricsPort}/metrics`));
    await using server = await SluiceProcess.start({ config: { metrics: { prometheus: { prefix: 'other_' } } } });
    const text = await server.exposition();
    assert.match(text, /^# TYPE other_workers gauge$/m);
    assert.doesNotMatch(text, /sluice_/);
  });
});
