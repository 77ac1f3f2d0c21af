import assert from 'node:assert/strict';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';

/** One bad frame gets an error, and the connection goes on. */
async function expectFrameError(context: RowContext, text: string, message: string | RegExp): Promise<void> {
  const socket = await context.connect();
  socket.sendText(text);
  await socket.expectError(null, message);
  await socket.expectQuiet();
}

/** Rows of the handshake group that are about frames a server cannot use. */
export const HS_FRAMES: readonly Row[] = [
  {
    id: 'HS-24',
    statement: 'No connection is closed with a code of 4300 or above.',
    last: true,
    async run(c) {
      const refused = [
        { path: '/app/nope?protocol=7' },
        { path: '/nope' },
        { query: 'protocol=abc' },
        { query: 'protocol=3' },
        { query: 'protocol=8' },
      ];
      for (const options of refused) {
        const socket = c.open(options);
        await socket.until('a close', () => socket.closed ?? undefined);
      }
      const socket = await c.connect();
      for (const text of [
        'not json',
        '{}',
        '{"event":"foo"}',
        '{"event":"pusher:subscribe","data":{"channel":"private-x"}}',
      ]) {
        socket.sendText(text);
        await socket.expectError(null, /./);
      }
      for (let i = 0; i < 20; i++) socket.sendClientEvent('private-x', i);
      for (let i = 0; i < 20; i++) await socket.expectEvent('pusher:error');
      await socket.expectAlive();
      assert.ok(c.closeCodes.length >= refused.length);
      assert.deepEqual(
        c.closeCodes.filter((code) => code >= 4300),
        [],
      );
    },
  },
  {
    id: 'HS-27',
    statement: 'A binary frame is not answered but closed with 1003, and other connections are not affected.',
    async run(c) {
      const [socket, other] = [await c.connect(), await c.connect()];
      socket.sendBinary(Buffer.from('{"event":"pusher:ping"}'));
      await socket.expectClose(1003);
      assert.deepEqual(socket.frames, []);
      await other.expectAlive();
    },
  },
  {
    id: 'HS-28',
    statement: 'A frame that is not JSON gets an error, and the connection stays open.',
    run: (c) => expectFrameError(c, 'not json', /./),
  },
  {
    id: 'HS-29',
    statement: 'JSON that is no object gets an error, and the connection stays open.',
    async run(c) {
      await Promise.all(['[]', '1', 'null', '"x"'].map((text) => expectFrameError(c, text, /./)));
    },
  },
  {
    id: 'HS-30',
    statement: 'A frame without event gets an error, and the connection stays open.',
    run: (c) => expectFrameError(c, '{}', /./),
  },
  {
    id: 'HS-31',
    statement: 'An unknown event is named in an error, and the connection stays open.',
    run: (c) => expectFrameError(c, '{"event":"foo"}', 'Unsupported event received on socket: foo'),
  },
  {
    id: 'HS-32',
    statement: 'A subscribe in fragments is handled once.',
    async run(c) {
      const socket = await c.connect();
      const channel = c.channel();
      const text = JSON.stringify({ event: 'pusher:subscribe', data: { channel, auth: '' } });
      socket.sendFragments([text.slice(0, 5), text.slice(5, 30), '', text.slice(30)]);
      await socket.expectSubscribed(channel);
      await socket.expectQuiet();
    },
  },
  {
    id: 'HS-33',
    statement: 'A message larger than the server takes is closed with 1009, and other connections are not affected.',
    needs: ['max-message-size'],
    async run(c) {
      const { bytes } = c.provision('max-message-size');
      const [socket, other] = [await c.connect(), await c.connect()];
      const message = (size: number): string => {
        const text = '{"event":"pusher:ping","data":{"x":""}}';
        return text.replace('""', `"${'x'.repeat(size - text.length)}"`);
      };
      socket.sendText(message(bytes));
      await socket.expectEvent('pusher:pong');
      socket.sendText(message(bytes + 1));
      await socket.expectClose(1009);
      await other.expectAlive();
    },
  },
];
