import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** A TCP proxy on loopback that can cut what goes through it, in the middle of whatever is on its way. */
export class CuttingProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #to: number;
  readonly #sockets = new Set<Socket>();
  readonly port: number;
  /** Connections are ended as soon as they come. */
  isClosed = false;
  cuts = 0;

  private constructor(server: Server, port: number, to: number) {
    this.#server = server;
    this.port = port;
    this.#to = to;
    server.on('connection', (socket) => this.#join(socket));
  }

  static async listen(to: number): Promise<CuttingProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
    return new CuttingProxy(server, address.port, to);
  }

  /** Lets so many more bytes through in each direction of each connection, then cuts it. */
  cutAfter(bytes: number): void {
    for (const socket of this.#sockets) {
      let left = bytes;
      socket.prependListener('data', (chunk: Buffer) => {
        left -= chunk.length;
        if (left < 0) this.#cut(socket);
      });
    }
  }

  cutAll(): void {
    for (const socket of [...this.#sockets]) this.#cut(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
    this.cutAll();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(near: Socket): void {
    if (this.isClosed) {
      near.destroy();
      return;
    }
    const far = connect(this.#to, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.on('data', (chunk: Buffer) => {
        if (from.destroyed) {
          // A part of what was on its way when it was cut.
          to.write(chunk.subarray(0, chunk.length / 2), () => to.destroy());
        } else to.write(chunk);
      });
    }
  }

  #cut(socket: Socket): void {
    this.cuts++;
    socket.destroy();
  }
}
