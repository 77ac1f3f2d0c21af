import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpClient } from '../clients/http-client.ts';
import type { PusherSocket } from '../clients/pusher-socket.ts';
import type { TcpProxy } from '../clients/tcp-proxy.ts';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';
import type { Endpoint } from '../target.ts';
import { connectKillable, killOne } from './killing.ts';

const PADDING = 'p'.repeat(10_000);
const BATCH = 10;
/** More than the kernel and any sensible server keep for one connection: 64 MB. */
const MOST_BATCHES = 640;
/** Longest that a batch may be on its way to the others. */
const BATCH_MS = 2000;

/** Publishes to a presence channel until the others are told that the one who does not read has left. */
async function publishUntilRemoved(c: RowContext, channel: string, others: readonly PusherSocket[]): Promise<void> {
  const http = c.http({ agent: c.oneConnection() });
  const batch = Array.from({ length: BATCH }, (_, i) => ({ channel, name: 'e', data: `${i}${PADDING}` }));
  const received = others.map(() => 0);
  const hasLeft = others.map(() => false);
  for (let batches = 1; batches <= MOST_BATCHES; batches++) {
    const from = performance.now();
    const { status } = await http.post('/batch_events', { batch });
    assert.equal(status, 200);
    for (const [i, socket] of others.entries()) {
      while ((received[i] ?? 0) < batches * BATCH) {
        const frame = await socket.next('an event');
        if (frame['event'] === 'e') received[i] = (received[i] ?? 0) + 1;
        else hasLeft[i] ||= frame['event'] === 'pusher_internal:member_removed';
      }
    }
    const tookMs = performance.now() - from;
    assert.ok(tookMs < BATCH_MS, `a batch took ${Math.round(tookMs)} ms`);
    if (hasLeft.every(Boolean)) return;
  }
  assert.fail(`the slow reader is still there after ${(MOST_BATCHES * BATCH * PADDING.length) / 1e6} MB`);
}

/** So many that some are at each process, wherever their connections came to. */
const PUBLISHERS = 12;
const PUBLISH_INTERVAL_MS = 40;

/** Publishes over one connection, which a proxy sees. */
interface Publisher {
  readonly http: HttpClient;
  readonly proxy: TcpProxy;
  readonly event: string;
  accepted: number;
  isBroken: boolean;
}

async function publisherOn(c: RowContext, endpoint: Endpoint): Promise<Publisher> {
  const proxy = await c.proxy(endpoint);
  const http = c.http({ endpoint: proxy.endpoint, agent: c.oneConnection() });
  return { http, proxy, event: `from ${proxy.endpoint.port}`, accepted: 0, isBroken: false };
}

/** Publishes until its connection breaks or it is over. */
async function keepPublishing(publisher: Publisher, channel: string, isOver: () => boolean): Promise<void> {
  const { http, event } = publisher;
  while (!isOver()) {
    try {
      await http.publish({ channel, name: event, data: `${publisher.accepted}` });
    } catch {
      publisher.isBroken = true;
      return;
    }
    publisher.accepted++;
    await sleep(PUBLISH_INTERVAL_MS);
  }
}

/** The process that it was connected to has lived all the time. */
function isUnhurt({ proxy, isBroken }: Publisher): boolean {
  return !isBroken && proxy.connections.length === 1;
}

function numbersFrom(socket: PusherSocket, { event }: Publisher): number[] {
  return socket.frames.filter((frame) => frame['event'] === event).map(({ data }) => Number(data));
}

/** Publishes at one node until an event comes to a client of the other. */
async function expectMet(c: RowContext, from: Endpoint, to: Endpoint): Promise<void> {
  const channel = c.channel();
  const socket = await c.connect({ endpoint: to });
  await socket.subscribe(channel);
  const http = c.http({ endpoint: from });
  await c.eventually(
    'an event from the other node',
    async () => {
      await http.publish({ channel, name: 'e', data: 'across' });
      return socket.frames.some((frame) => frame['channel'] === channel && frame['data'] === 'across') || undefined;
    },
    RECOVERY_MS,
  );
}

/** What comes to a client of the same node while the nodes cannot reach each other. */
async function expectLocal(c: RowContext, endpoint: Endpoint): Promise<void> {
  const channel = c.channel();
  const socket = await c.connect({ endpoint });
  await socket.subscribe(channel);
  const body = { name: 'e', channel, data: 'local' };
  const { status } = await c.http({ endpoint }).post('/events', body);
  assert.ok(status === 200 || status === 503, `a publish is answered with ${status}`);
  if (status === 200) await socket.expectFrame({ event: 'e', channel, data: 'local' });
}

/** Longest that nodes may take to find each other again. */
const RECOVERY_MS = 15_000;
/** Within it a node has noticed that it is alone. */
const NOTICE_MS = 3000;

/** Rows of connections that are slow or lost, and of those beside them. */
export const XC_LOSSES: readonly Row[] = [
  {
    id: 'XC-07',
    statement: 'A client that does not read is closed with 4100, and the others get every event without delay.',
    timeoutMs: 120_000,
    heavy: true,
    async run(c) {
      const channel = c.channel('presence-');
      const [slow, ...others] = await c.spread(4);
      assert.ok(slow !== undefined);
      await slow.join(channel, { user_id: 'slow' });
      for (const socket of others) await socket.join(channel, { user_id: 'other' });
      await slow.expectMemberAdded(channel);
      await sleep(200);
      for (const socket of others) socket.frames.length = 0;
      slow.ws.pause();
      await publishUntilRemoved(c, channel, others);
      slow.ws.resume();
      await slow.expectClose(4100);
      await Promise.all(others.map((socket) => socket.expectQuiet()));
    },
  },
  {
    id: 'XC-09',
    statement:
      'While the server between nodes is lost, each serves its own clients; publishes are answered with 200 or 503, and nodes meet again by themselves.',
    needs: ['backplane'],
    disturbs: ['backplane'],
    timeoutMs: 60_000,
    heavy: true,
    async run(c) {
      const { endpoints, lose, restore } = c.provision('backplane');
      const sockets = await Promise.all(endpoints.map((endpoint) => c.connect({ endpoint })));
      const [first, second] = endpoints;
      await expectMet(c, first, second);
      await expectMet(c, second, first);
      await lose();
      try {
        for (const wait of [0, NOTICE_MS]) {
          await sleep(wait);
          for (const endpoint of endpoints) await expectLocal(c, endpoint);
        }
      } finally {
        await restore();
      }
      await expectMet(c, first, second);
      await expectMet(c, second, first);
      for (const { closed } of sockets) assert.equal(closed, null, 'clients stay connected');
    },
  },
  {
    id: 'XC-08',
    statement:
      'While a process or node is lost and replaced, subscribers of the others lose nothing that is published there.',
    needs: ['kill-process'],
    timeoutMs: 60_000,
    heavy: true,
    async run(c) {
      const killable = await connectKillable(c);
      const [endpoint = c.target.endpoint] = killable.server.endpoints;
      const channel = c.channel();
      for (const socket of killable.sockets) await socket.subscribe(channel);
      const publishers = await Promise.all(Array.from({ length: PUBLISHERS }, () => publisherOn(c, endpoint)));
      let isOver = false;
      const publishing = publishers.map((publisher) => keepPublishing(publisher, channel, () => isOver));
      await sleep(500);
      const left = await killOne(killable, 500);
      await killable.server.whole();
      await sleep(500);
      isOver = true;
      await Promise.all(publishing);
      const unhurt = publishers.filter(isUnhurt);
      assert.ok(unhurt.length > 0, 'requests to the other process go on');
      for (const socket of left) {
        for (const publisher of unhurt) {
          const sent = Array.from({ length: publisher.accepted }, (_, n) => n);
          await socket.until('the last event', () =>
            numbersFrom(socket, publisher).at(-1) === sent.at(-1) ? true : undefined,
          );
          assert.deepEqual(numbersFrom(socket, publisher), sent);
        }
      }
    },
  },
];
