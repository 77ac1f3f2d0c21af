import assert from 'node:assert/strict';
import { dataOf } from '../clients/frames.ts';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';
import { SkipRow } from '../skip-row.ts';

/** A handshake that has to be refused with a close alone, as clients since protocol 6 expect it. */
async function expectRefused(
  context: RowContext,
  options: Parameters<RowContext['open']>[0],
  code: number,
): Promise<string> {
  const socket = context.open(options);
  const { reason } = await socket.expectClose(code);
  assert.deepEqual(socket.frames, [], 'no frame may come before the close');
  return reason;
}

/** Swaps upper and lower case. */
function otherCase(text: string): string {
  const other = text.replaceAll(/[a-z]/gi, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()));
  if (other === text) throw new SkipRow('the key of the app has no letters');
  return other;
}

function withKey(key: string): { readonly path: string } {
  return { path: `/app/${key}?protocol=7&client=conformance&version=1.0` };
}

/** Rows of the handshake that are about the URL and the first frame. */
export const HS_OPENING: readonly Row[] = [
  {
    id: 'HS-01',
    statement: 'The first frame is pusher:connection_established, and it comes exactly once.',
    async run(c) {
      const socket = c.open({ query: 'protocol=7&client=js&version=8.6.0&flash=false' });
      await socket.expectEvent('pusher:connection_established');
      await socket.expectQuiet();
    },
  },
  {
    id: 'HS-02',
    statement: 'The data of the greeting is a string with a JSON object in it.',
    async run(c) {
      const frame = await c.open().expectEvent('pusher:connection_established');
      assert.equal(typeof frame['data'], 'string');
      assert.ok(Object.keys(dataOf(frame)).length > 0);
    },
  },
  {
    id: 'HS-03',
    statement: 'The socket_id is two numbers joined by a dot.',
    async run(c) {
      const socketId = dataOf(await c.open().expectEvent('pusher:connection_established'))['socket_id'];
      assert.equal(typeof socketId, 'string');
      assert.match(String(socketId), /^\d+\.\d+$/);
    },
  },
  {
    id: 'HS-04',
    statement: '1000 connections, on all processes, have 1000 distinct socket ids.',
    timeoutMs: 60_000,
    heavy: true,
    async run(c) {
      const sockets = await c.spread(1000);
      assert.equal(new Set(sockets.map(({ id }) => id)).size, 1000);
      assert.ok(
        sockets.every(({ closed }) => closed === null),
        'all of them are open at the same time',
      );
    },
  },
  {
    id: 'HS-05',
    statement: 'Protocol 7 is told an activity_timeout, an integer of 1 or more.',
    async run(c) {
      const timeout = dataOf(await c.open({ query: 'protocol=7' }).expectEvent('pusher:connection_established'))[
        'activity_timeout'
      ];
      assert.ok(Number.isInteger(timeout) && Number(timeout) >= 1, `it is ${JSON.stringify(timeout)}`);
    },
  },
  {
    id: 'HS-06',
    statement: 'Protocol 5 is told no activity_timeout.',
    async run(c) {
      const data = dataOf(await c.open({ query: 'protocol=5' }).expectEvent('pusher:connection_established'));
      assert.deepEqual(Object.keys(data), ['socket_id']);
    },
  },
  {
    id: 'HS-07',
    statement: 'The greeting has no channel.',
    async run(c) {
      const frame = await c.open().expectEvent('pusher:connection_established');
      assert.deepEqual(Object.keys(frame).sort(), ['data', 'event']);
    },
  },
  {
    id: 'HS-08',
    statement: 'An unknown key is closed with 4001 and the text of Pusher, without a frame before it.',
    async run(c) {
      const reason = await expectRefused(c, withKey('nope'), 4001);
      assert.equal(reason, 'App key nope not in this cluster. Did you forget to specify the cluster?');
    },
  },
  {
    id: 'HS-09',
    statement: 'An unknown key with protocol 5 gets pusher:error 4001 and is closed with 4001 then.',
    async run(c) {
      const socket = c.open({ path: '/app/nope?protocol=5&client=java-client&version=2.0' });
      await socket.expectError(4001, /nope/);
      await socket.expectClose(4001);
      assert.deepEqual(socket.frames, []);
    },
  },
  {
    id: 'HS-10',
    statement: 'A disabled app is closed with 4003.',
    needs: ['disabled-app'],
    async run(c) {
      await expectRefused(c, { app: c.provision('disabled-app').app }, 4003);
    },
  },
  {
    id: 'HS-11',
    statement: 'A connection beyond the limit of the app is closed with 4004, and the first stays.',
    needs: ['limited-app'],
    async run(c) {
      const { app } = c.provision('limited-app');
      const first = await c.connectWhenFree({ app });
      await expectRefused(c, { app }, 4004);
      await first.expectAlive();
    },
  },
  {
    id: 'HS-12',
    statement: 'When a connection of a full app closes, the next one opens.',
    needs: ['limited-app'],
    async run(c) {
      const { app } = c.provision('limited-app');
      const first = await c.connectWhenFree({ app });
      await expectRefused(c, { app }, 4004);
      await first.close();
      await (await c.connectWhenFree({ app })).expectAlive();
    },
  },
  {
    id: 'HS-13',
    statement: 'An unknown path is upgraded and closed with 4005.',
    async run(c) {
      await expectRefused(c, { path: '/nope' }, 4005);
    },
  },
  {
    id: 'HS-14',
    statement: 'A protocol that is no integer is closed with 4006.',
    async run(c) {
      await expectRefused(c, { query: 'protocol=abc' }, 4006);
    },
  },
  {
    id: 'HS-15',
    statement: 'Protocol 3 is closed with 4007.',
    async run(c) {
      const socket = c.open({ query: 'protocol=3' });
      // Clients before protocol 6 may be told the reason in a frame too.
      await socket.expectClose(4007);
      assert.ok(socket.frames.every((frame) => frame['event'] === 'pusher:error'));
    },
  },
  {
    id: 'HS-16',
    statement: 'Protocol 8 is closed with 4007.',
    async run(c) {
      await expectRefused(c, { query: 'protocol=8' }, 4007);
    },
  },
  {
    id: 'HS-17',
    statement: 'Protocols 4, 5 and 6 are established.',
    async run(c) {
      for (const protocol of [4, 5, 6]) await (await c.connect({ query: `protocol=${protocol}` })).expectAlive();
    },
  },
  {
    id: 'HS-18',
    statement: 'A missing protocol is closed with 4008, and taken for 7 by a lenient server.',
    needs: ['lenient-protocol'],
    async run(c) {
      await expectRefused(c, { query: 'client=js&version=8.6.0' }, 4008);
      const lenient = c.open({ query: 'client=js', endpoint: c.provision('lenient-protocol').endpoint });
      assert.ok('activity_timeout' in dataOf(await lenient.greeted()), 'protocol 7 is told the activity_timeout');
      await lenient.expectAlive();
    },
  },
  {
    id: 'HS-25',
    statement: 'A subprotocol that is offered is not selected, and the connection is established.',
    async run(c) {
      // Not as an option of ws, which wants one to be selected; so it fails if one is.
      const socket = await c.connect({ ws: { headers: { 'sec-websocket-protocol': 'foo' } } });
      await socket.expectAlive();
      assert.equal(socket.ws.protocol, '');
    },
  },
  {
    id: 'HS-26',
    statement: 'Below a path prefix clients connect with their wsPath.',
    needs: ['path-prefix'],
    async run(c) {
      const { endpoint } = c.provision('path-prefix');
      const client = c.pusher({ endpoint });
      await client.connected();
      await (await c.connect({ endpoint })).expectAlive();
      const received = client.collect(await client.subscribe('prefixed'));
      await c.http({ endpoint }).publish({ channel: 'prefixed', name: 'e', data: 'd' });
      await client.until('the event', () => received.length > 0);
      assert.deepEqual(received, [{ event: 'e', data: 'd' }]);
    },
  },
  {
    id: 'HS-38',
    statement: 'Two apps see nothing of each other in channels of the same name.',
    needs: ['second-app'],
    async run(c) {
      const { app } = c.provision('second-app');
      const channel = c.channel();
      const [mine, other] = [await c.connect(), await c.connect({ app })];
      await mine.subscribe(channel);
      assert.deepEqual(await c.http({ app }).channels(channel), []);
      await other.subscribe(channel);
      await c.http().publish({ channel, name: 'to-mine', data: '1' });
      await mine.expectFrame({ event: 'to-mine', channel, data: '1' });
      await other.expectQuiet();
      await c.http({ app }).publish({ channel, name: 'to-other', data: '2' });
      await other.expectFrame({ event: 'to-other', channel, data: '2' });
      await mine.expectQuiet();
      const kept = { channel: c.channel('cache-'), name: 'kept', data: '3' };
      await c.http().publish(kept);
      await other.subscribe(kept.channel);
      await other.expectQuiet();
    },
  },
  {
    id: 'HS-39',
    statement: 'Clients that offer permessage-deflate and clients that do not are both established.',
    async run(c) {
      for (const perMessageDeflate of [true, false]) {
        const socket = await c.connect({ ws: { perMessageDeflate } });
        const channel = c.channel();
        await socket.subscribe(channel);
        const data = 'x'.repeat(5000);
        await c.http().publish({ channel, name: 'e', data });
        await socket.expectFrame({ event: 'e', channel, data });
      }
    },
  },
  {
    id: 'HS-40',
    statement: 'A key in the URL is decoded, and its case counts.',
    async run(c) {
      const { key } = c.target.app;
      const encoded = `%${key.charCodeAt(0).toString(16).padStart(2, '0')}${key.slice(1)}`;
      await (await c.connect(withKey(encoded))).expectAlive();
      await expectRefused(c, withKey(otherCase(key)), 4001);
    },
  },
];
