import { FuzzSocket } from '../fuzz-socket.ts';
import { surfaceOf } from '../surface.ts';
import { type Message, message, renderMessage } from './message.ts';

const CONNECTIONS = 3;
/** The one that offers compression. */
const COMPRESSING = 1;
/** Messages that are sent without waiting. Between them subscriptions succeed, which the next build upon. */
const AT_ONCE = 10;

/** Messages of the Pusher protocol, right and wrong ones mixed, on a few connections that meet on channels. */
export const TEXT = surfaceOf({
  name: 'text',
  title: 'messages over WebSocket',
  cases: message,
  maxBatch: 100,
  async send(messages, { server }) {
    const opening = Array.from({ length: CONNECTIONS }, (_, i) => {
      return FuzzSocket.open(server.wsUrl, { perMessageDeflate: i === COMPRESSING });
    });
    const sockets = await Promise.all(opening);
    try {
      for (let i = 0; i < messages.length; i += AT_ONCE) await say(sockets, messages.slice(i, i + AT_ONCE));
    } finally {
      for (const socket of sockets) socket[Symbol.dispose]();
    }
  },
});

async function say(sockets: readonly FuzzSocket[], messages: readonly Message[]): Promise<void> {
  for (const each of messages) {
    const socket = sockets[each.from % CONNECTIONS];
    socket?.send(renderMessage(each, socket.id));
  }
  await Promise.all(sockets.map((socket) => socket.settle()));
}
