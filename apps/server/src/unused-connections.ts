import type http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';

/**
 * Connections of a server that have asked for nothing that is still to be answered: browsers and load balancers open some ahead, and
 * others are kept alive, maybe with a part of the next request. Node counts many of them as busy, so that a server which closes
 * would wait for them as long as they like.
 */
export class UnusedConnections {
  readonly #sockets = new Set<Socket>();
  /** The newest answer on a socket, which is the last to be finished where requests are pipelined. */
  readonly #answers = new WeakMap<Socket, http.ServerResponse>();
  /** With TLS: those whose handshake is not over, by the client's address and port. TLS gives each another socket after it. */
  readonly #handshakes = new Map<string, Socket>();

  constructor(server: http.Server) {
    const sockets = this.#sockets;
    // One function for all connections, not one for each.
    function forget(this: Socket): void {
      sockets.delete(this);
    }
    const track = (socket: Socket): void => {
      sockets.add(socket);
      socket.once('close', forget);
    };
    if (server instanceof https.Server) this.#trackHandshakes(server, track);
    else server.on('connection', track);
    server.on('request', ({ socket }: http.IncomingMessage, response: http.ServerResponse) => {
      this.#answers.set(socket, response);
    });
    server.on('upgrade', ({ socket }: http.IncomingMessage) => {
      sockets.delete(socket);
      socket.off('close', forget);
    });
  }

  destroyAll(): void {
    for (const socket of this.#sockets) if (this.#answers.get(socket)?.writableFinished !== false) socket.destroy();
    for (const socket of this.#handshakes.values()) socket.destroy();
  }

  #trackHandshakes(server: https.Server, done: (socket: Socket) => void): void {
    const handshakes = this.#handshakes;
    server.on('connection', (socket: Socket) => {
      const peer = peerOf(socket);
      handshakes.set(peer, socket);
      socket.once('close', () => {
        if (handshakes.get(peer) === socket) handshakes.delete(peer);
      });
    });
    server.on('secureConnection', (socket: Socket) => {
      handshakes.delete(peerOf(socket));
      done(socket);
    });
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
