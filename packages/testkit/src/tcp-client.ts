import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from './until.ts';

/** Bytes on a TCP connection, for requests and frames that no library would send. */
export class TcpClient implements Disposable {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #ended = false;

  private constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#ended = true;
    });
  }

  static async connect(port: number): Promise<TcpClient> {
    const client = new TcpClient(port);
    await once(client.#socket, 'connect');
    return client;
  }

  /** Connects and makes the WebSocket handshake, up to the server's answer. */
  static async upgrade(port: number, path: string): Promise<TcpClient> {
    const client = await TcpClient.connect(port);
    client.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    const isAnswered = (): boolean => client.received.includes('\r\n\r\n');
    await until('an answer to the upgrade', () => client.ended || isAnswered());
    if (!isAnswered()) throw new Error(`closed after ${JSON.stringify(client.received.toString())}`);
    return client;
  }

  get received(): Buffer {
    return this.#received;
  }

  /** Whether the server has closed the connection. */
  get ended(): boolean {
    return this.#ended;
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Sends nothing any more, and still reads. */
  end(): void {
    this.#socket.end();
  }

  /** Stops reading, as a client does whose user closed the lid. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
