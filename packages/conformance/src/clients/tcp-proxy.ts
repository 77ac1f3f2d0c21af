import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Endpoint } from '../target.ts';

export interface ProxiedConnection {
  /** When it was opened, on the clock of `performance.now()`. */
  readonly at: number;
  /** What the client sent, its HTTP request included. */
  readonly sent: Buffer[];
}

/** Stands between a library and the server, and notes when it connects and what it sends. */
export class TcpProxy {
  readonly connections: ProxiedConnection[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #upstream: Endpoint;

  private constructor(upstream: Endpoint) {
    this.#upstream = upstream;
    this.#server = createServer((client) => this.#accept(client));
  }

  static async to(upstream: Endpoint): Promise<TcpProxy> {
    const proxy = new TcpProxy(upstream);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get endpoint(): Endpoint {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
    return { host: '127.0.0.1', port: address.port, prefix: this.#upstream.prefix ?? '' };
  }

  /** Where connections go from now on. */
  switchTo(upstream: Endpoint): void {
    this.#upstream = upstream;
  }

  /** Text messages that the client sent on all connections so far. */
  messages(): string[] {
    return this.connections.flatMap(({ sent }) => textMessages(Buffer.concat(sent)));
  }

  /** Ends all connections, without a close frame, and takes new ones. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    const connection: ProxiedConnection = { at: performance.now(), sent: [] };
    this.connections.push(connection);
    const server = connect(this.#upstream.port, this.#upstream.host);
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    }
    client.on('data', (chunk) => connection.sent.push(chunk));
    client.pipe(server).pipe(client);
    client.on('close', () => server.destroy());
    server.on('close', () => client.end());
  }
}

/** Text frames of a client (RFC 6455 §5.2), which are masked, after the HTTP request; what libraries send is not fragmented. */
function textMessages(bytes: Buffer): string[] {
  const messages: string[] = [];
  let at = bytes.indexOf('\r\n\r\n') + 4;
  while (at >= 4 && at + 6 <= bytes.length) {
    const opcode = bytes.readUInt8(at) & 0x0f;
    let length = bytes.readUInt8(at + 1) & 0x7f;
    at += 2;
    if (length === 126) {
      length = bytes.readUInt16BE(at);
      at += 2;
    } else if (length === 127) {
      length = Number(bytes.readBigUInt64BE(at));
      at += 8;
    }
    const mask = bytes.subarray(at, at + 4);
    const payload = Buffer.from(bytes.subarray(at + 4, at + 4 + length));
    for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] ?? 0) ^ (mask[i % 4] ?? 0);
    if (opcode === 1) messages.push(payload.toString());
    at += 4 + length;
  }
  return messages;
}
