// HOT: the loop of `publish` runs once per delivery and does nothing but write.
//
// The program to compare with: what node:http, JSON.parse, the two hashes of a signed request and the kernel cost when
// nothing else is done and each message is written by itself. What each number of this program is attributed to:
//   fanout    one `socket.write` of one prebuilt frame per subscriber and message. The difference to a server that
//             gathers messages before it writes is the gain of gathering, less what its layers cost.
//   connect   node:http's upgrade, one SHA-1, two small frames. No app lookup, no limits, no shared state.
//   publish   node:http, the body read, hashed (MD5) and parsed, the request signed (HMAC-SHA256) as its sender did. The
//             signatures are not compared; no validation, no routing.
// It accepts every key, app and signature, understands only `pusher:subscribe`, and trusts its clients.
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const SECRET = 'app-secret';
const BACKLOG = 4096;

const channels = new Map<string, Set<Duplex>>();
let connections = 0;

function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const header = payload.length < 126 ? Buffer.alloc(2) : Buffer.alloc(4);
  header[0] = 0x81;
  header[1] = Math.min(payload.length, 126);
  if (header.length === 4) header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}

interface Event {
  readonly name: string;
  readonly channel: string;
  readonly data: string;
}

function publish(event: Event): void {
  const subscribers = channels.get(event.channel);
  if (subscribers === undefined) return;
  const frame = textFrame(JSON.stringify({ event: event.name, channel: event.channel, data: event.data }));
  for (const socket of subscribers) socket.write(frame);
}

function onRequest(request: IncomingMessage, response: ServerResponse): void {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    if (request.method === 'POST') {
      const body = Buffer.concat(parts);
      const digest = createHash('md5').update(body).digest('hex');
      createHmac('sha256', SECRET).update(`POST\n${request.url}\n${digest}`).digest('hex');
      publish(JSON.parse(body.toString()) as Event);
    }
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 2 }).end('{}');
  });
}

function onUpgrade(request: IncomingMessage, socket: Duplex): void {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${GUID}`).digest('base64');
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  socket.write([...head, `Sec-WebSocket-Accept: ${accept}`, '\r\n'].join('\r\n'));
  const data = JSON.stringify({ socket_id: `1.${++connections}`, activity_timeout: 120 });
  socket.write(textFrame(JSON.stringify({ event: 'pusher:connection_established', data })));
  const own = new Set<Set<Duplex>>();
  socket.on('data', (frame: Buffer) => subscribe(socket, { own, frame }));
  // A reset is how the load ends a connection.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    for (const subscribers of own) subscribers.delete(socket);
  });
}

function subscribe(socket: Duplex, message: { readonly own: Set<Set<Duplex>>; readonly frame: Buffer }): void {
  const channel = channelOf(unmask(message.frame));
  const subscribers = channels.get(channel) ?? new Set();
  channels.set(channel, subscribers);
  subscribers.add(socket);
  message.own.add(subscribers);
  socket.write(textFrame(JSON.stringify({ event: 'pusher_internal:subscription_succeeded', channel, data: '{}' })));
}

function channelOf(text: string): string {
  const message = JSON.parse(text) as { readonly data: { readonly channel: string } };
  return message.data.channel;
}

/** One small frame that came in one piece, as those of the load do. */
function unmask(frame: Buffer): string {
  const header = ((frame[1] ?? 0) & 0x7f) < 126 ? 2 : 4;
  const payload = frame.subarray(header + 4);
  for (const [i, byte] of payload.entries()) payload[i] = byte ^ (frame[header + (i & 3)] ?? 0);
  return payload.toString();
}

createServer(onRequest)
  .on('upgrade', onUpgrade)
  .listen({ host: process.env['HOST'], port: Number(process.env['PORT']), backlog: BACKLOG });
process.stdin.on('end', () => process.exit()).resume();
