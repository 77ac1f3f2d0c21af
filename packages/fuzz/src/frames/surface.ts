import { constants, inflateRawSync } from 'node:zlib';
import { APP, framesIn, OPCODE, type ServerFrame, TcpClient, until } from '@sluice/testkit';
import { faultOfFrame } from '../check-frame.ts';
import { Harm } from '../harm.ts';
import { surfaceOf } from '../surface.ts';
import { bytesOf, connection, type FuzzConnection } from './connection.ts';
import { packetsOf } from './packets.ts';

/** Bytes on WebSocket connections, a connection for each case: right and wrong frames, and what is none. */
export const FRAMES = surfaceOf({
  name: 'frames',
  title: 'frames and bytes over WebSocket',
  cases: connection,
  maxBatch: 120,
  async send(connections, { server }) {
    const clients = await Promise.all(connections.map((each) => play(server.port, each)));
    for (const client of clients) client[Symbol.dispose]();
    for (const [i, client] of clients.entries()) assertSound(client, connections[i]?.offer ?? '');
  },
});

async function play(port: number, each: FuzzConnection): Promise<TcpClient> {
  const client = await TcpClient.connect(port);
  const [handshake, bytes] = [handshakeWith(each.offer), bytesOf(each)];
  if (each.isEarly) {
    client.write(Buffer.concat([handshake, bytes]));
  } else {
    client.write(handshake);
    await until('the handshake', () => client.received.includes('\r\n\r\n') || client.ended);
    for (const packet of packetsOf(bytes, each.cuts)) client.write(packet);
  }
  if (each.end === 'half close') {
    client.end();
    await until('the end of a connection that the client has ended', () => client.ended);
  } else if (each.end === 'reset') client[Symbol.dispose]();
  return client;
}

function handshakeWith(offer: string): Buffer {
  return Buffer.from(
    `GET /app/${APP.key}?protocol=7 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n` +
      `${offer === '' ? '' : `Sec-WebSocket-Extensions: ${offer}\r\n`}\r\n`,
  );
}

/** What the server sent is a handshake and whole frames, or the refusal of an offer that is none. */
function assertSound({ received }: TcpClient, offer: string): void {
  if (received.length === 0) return;
  const head = received.subarray(0, received.indexOf('\r\n\r\n')).toString('latin1');
  if (offer !== '' && head.startsWith('HTTP/1.1 400')) return;
  if (!head.startsWith('HTTP/1.1 101')) throw new Harm(`a handshake is answered with ${head}`);
  const isCompressing = head.includes('permessage-deflate');
  for (const each of framesIn(received)) {
    if (each.isCompressed && !isCompressing) throw new Harm('a frame of the server is compressed without an agreement');
    const fault = each.opcode === OPCODE.text ? faultOfFrame(textOf(each)) : faultOfControl(each.opcode, each.payload);
    if (fault !== undefined) throw new Harm(`a frame of the server: ${fault}`);
  }
}

/** Messages are compressed each by itself: the subject shares them among its clients. */
function textOf({ payload, isCompressed }: ServerFrame): string {
  return isCompressed
    ? inflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH }).toString()
    : payload.toString();
}

function faultOfControl(opcode: number, payload: Buffer): string | undefined {
  if (opcode === OPCODE.ping || opcode === OPCODE.pong) return undefined;
  if (opcode !== OPCODE.close) return `its opcode is ${opcode}`;
  const code = payload.length === 0 ? 1000 : payload.readUInt16BE(0);
  return code >= 1000 && code < 5000 ? undefined : `it closes with ${code}`;
}
