// HOT: take and onData run once per connection.
import type http from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ignoreSocketError, readUpgradeHead, type UpgradeRequest } from '@sluice/ws-engine';

export type OnUpgrade = (request: UpgradeRequest, socket: Duplex, rest: Buffer) => void;

/** A connection from which nothing has come is Node's after one to two of these, and from then on under Node's timeouts. */
const WAIT_MS = 250;

/**
 * The way of plain upgrade requests past Node's parser, which costs more than all else that is done for a new client. The first
 * bytes of a connection are looked at; whatever is not at once such a request is put back, and whoever listened to
 * the server's connections, Node itself first, gets the connection as if it had just come.
 */
export class UpgradeShortcut {
  #waiting = new Set<Socket>();
  /** Those that were waiting at the last look already. */
  #waitingLong = new Set<Socket>();
  #timer: NodeJS.Timeout | null = null;
  readonly #passOn: (socket: Socket) => void;
  readonly #onData: (this: Socket, chunk: Buffer) => void;

  /** After everybody else who wants to hear of connections. */
  constructor(server: http.Server, onUpgrade: OnUpgrade) {
    const listeners = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => this.#take(socket));
    const passOn = (socket: Socket): void => {
      for (const listener of listeners) listener.call(server, socket);
    };
    const letGo = (socket: Socket): void => this.#letGo(socket);
    this.#passOn = passOn;
    this.#onData = function onData(chunk): void {
      letGo(this);
      const head = readUpgradeHead(chunk);
      if (head === undefined) {
        this.unshift(chunk);
        passOn(this);
      } else {
        onUpgrade({ method: 'GET', url: head.url, headers: head.headers, socket: this }, this, head.rest);
      }
    };
  }

  /** Connections that have not asked for anything yet. */
  destroyWaiting(): void {
    for (const socket of [...this.#waiting, ...this.#waitingLong]) socket.destroy();
  }

  #take(socket: Socket): void {
    this.#waiting.add(socket);
    socket.on('error', ignoreSocketError);
    socket.on('data', this.#onData);
    if (this.#timer === null) this.#timer = setInterval(this.#look, WAIT_MS).unref();
  }

  #letGo(socket: Socket): void {
    if (!this.#waiting.delete(socket)) this.#waitingLong.delete(socket);
    socket.off('data', this.#onData);
    socket.off('error', ignoreSocketError);
  }

  readonly #look = (): void => {
    for (const socket of this.#waitingLong) {
      this.#letGo(socket);
      // As Node does with a client that ends its side before it has asked for anything.
      if (socket.readableEnded) socket.end();
      else if (!socket.destroyed) this.#passOn(socket);
    }
    this.#waitingLong = this.#waiting;
    this.#waiting = new Set();
    if (this.#waitingLong.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  };
}
