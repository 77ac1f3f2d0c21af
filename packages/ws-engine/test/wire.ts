import type { Socket } from 'node:net';

interface UpgradeParts {
  readonly protocol?: number;
  /** Whole lines. */
  readonly headers?: string;
}

/** The request that opens a WebSocket. */
export function upgrade({ protocol = 7, headers = '' }: UpgradeParts = {}): string {
  return (
    `GET /app/key?protocol=${protocol} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`
  );
}

/** A short frame as a client sends it, masked with zeros. */
function frame(opcode: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

export function subscribeFrame(channel: string): Buffer {
  return frame(1, Buffer.from(JSON.stringify({ event: 'pusher:subscribe', data: { channel } })));
}

/** With code 1000. */
export const CLOSE_FRAME: Buffer = frame(8, Buffer.from([0x03, 0xe8]));

export const PING_FRAME: Buffer = frame(9, Buffer.alloc(0));

/** All that comes over a connection. */
export function collect(client: Socket): () => string {
  let text = '';
  client.on('data', (chunk) => (text += chunk.toString('latin1')));
  return () => text;
}

/** What the server sent behind its answer to the upgrade: texts, and `close` with its code. */
export function framesIn(received: string): string[] {
  const bytes = Buffer.from(received.slice(received.indexOf('\r\n\r\n') + 4), 'latin1');
  const frames: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const isClose = bytes[at] === 0x88;
    const isLong = bytes[at + 1] === 126;
    const start = at + (isLong ? 4 : 2);
    at = start + (isLong ? bytes.readUInt16BE(at + 2) : bytes.readUInt8(at + 1));
    frames.push(isClose ? `close ${bytes.readUInt16BE(start)}` : bytes.toString('utf8', start, at));
  }
  return frames;
}
