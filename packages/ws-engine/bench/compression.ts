import { readFileSync } from 'node:fs';
import { ApiClient, SluiceProcess, until } from '@sluice/testkit';
import { WebSocket } from 'ws';
import type { Compression } from '../src/compression.ts';
import { deflate } from '../src/deflate.ts';

// What each `websocket.compression` costs a server of one worker, over loopback. Needs a built server and Linux:
//   node --conditions=@sluice/source packages/ws-engine/bench/compression.ts [subscribers] [messages]

const MODES: readonly Compression[] = [
  'disabled',
  'shared',
  'window256b',
  'window1kb',
  'window4kb',
  'window16kb',
  'dedicated',
];
const [SUBSCRIBERS = 500, MESSAGES = 200] = process.argv.slice(2).map(Number);
const WARM_UP = 20;
/** Of the clock that counts processor time: `getconf CLK_TCK`, the same on every Linux. */
const TICK_US = 10_000;

/** About 2 KB, most of it different in every message. */
function prices(n: number): object {
  const price = (i: number): object => ({
    symbol: `S${i}`,
    bid: ((n * 7919 + i * 104_729) % 100_000) / 100,
    at: n * 1000 + i,
  });
  return { n, prices: Array.from({ length: 40 }, (_, i) => price(i)) };
}

interface Crew {
  readonly clients: readonly WebSocket[];
  /** Events that came to all of them together. */
  readonly received: () => number;
}

async function subscribe(url: string): Promise<Crew> {
  let [greeted, subscribed, received] = [0, 0, 0];
  const clients: WebSocket[] = [];
  while (clients.length < SUBSCRIBERS) {
    // A threshold of 0: as in browsers, which compress whatever they send.
    const client = new WebSocket(url, { perMessageDeflate: { threshold: 0 } });
    clients.push(client);
    client.on('message', (data: Buffer) => {
      if (data.includes('"told"')) received++;
      else if (data.includes('subscription_succeeded')) subscribed++;
      else greeted++;
    });
    await until('a greeting', () => greeted === clients.length);
    client.send(JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'news' } }));
  }
  await until('all subscriptions', () => subscribed === SUBSCRIBERS);
  return { clients, received: () => received };
}

function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function residentKb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** What came over the connections, headers of frames included. */
function bytesRead(clients: readonly WebSocket[]): number {
  const sockets = clients as readonly unknown[] as readonly { readonly _socket: { readonly bytesRead: number } }[];
  return sockets.reduce((sum, { _socket }) => sum + _socket.bytesRead, 0);
}

async function measure(compression: Compression): Promise<string> {
  await using server = await SluiceProcess.start({ config: { websocket: { compression } } });
  using api = new ApiClient(server.port);
  const [pid = 0] = server.workerPids();
  const emptyKb = residentKb(pid);
  const { clients, received } = await subscribe(server.wsUrl);
  const publish = async (count: number): Promise<void> => {
    const wanted = received() + count * SUBSCRIBERS;
    for (let n = 0; n < count; n++) await api.trigger('news', 'told', prices(n));
    await until('all deliveries', () => received() === wanted, 60_000);
  };
  await publish(WARM_UP);
  const connectionKb = (residentKb(pid) - emptyKb) / SUBSCRIBERS;
  const [ticks, bytes] = [cpuTicks(pid), bytesRead(clients)];
  await publish(MESSAGES);
  const deliveries = MESSAGES * SUBSCRIBERS;
  const microseconds = ((cpuTicks(pid) - ticks) * TICK_US) / deliveries;
  const perDelivery = (bytesRead(clients) - bytes) / deliveries;
  for (const client of clients) client.terminate();
  return `${compression.padEnd(12)} ${perDelivery.toFixed(0).padStart(6)} ${microseconds.toFixed(1).padStart(6)} ${connectionKb.toFixed(0).padStart(5)}\n`;
}

/** How long the loop stands still for one message that is shared, and what is left of it. */
function measureOnce(length: number): string {
  let text = '';
  for (let n = 0; text.length < length; n++) text += JSON.stringify(prices(n));
  const payload = Buffer.from(text.slice(0, length));
  const times = Array.from({ length: 50 }, () => {
    const startedAt = performance.now();
    deflate(payload);
    return (performance.now() - startedAt) * 1000;
  }).toSorted((a, b) => a - b);
  const left = deflate(payload)?.length ?? length;
  return `${String(length).padStart(9)} ${String(left).padStart(7)} ${times[25]?.toFixed(0).padStart(6)}\n`;
}

process.stdout.write(`${SUBSCRIBERS} subscribers, ${MESSAGES} messages of ${JSON.stringify(prices(0)).length} bytes\n`);
process.stdout.write('             bytes, µs of CPU a delivery; KB a connection\n');
for (const compression of MODES) process.stdout.write(await measure(compression));
process.stdout.write('\n    bytes, compressed, µs for one message of `shared`\n');
for (const length of [1024, 10_240, 32_767, 102_400, 1_048_576]) process.stdout.write(measureOnce(length));
