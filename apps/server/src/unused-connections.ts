import type http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';

/**
 * Connections of a server that have not asked for anything yet; browsers and load balancers open some ahead. Node counts
 * them as busy, so that a server which closes would wait for them as long as they like.
 */
export class UnusedConnections {
  readonly #sockets = new Set<Socket>();
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
    const used = ({ socket }: http.IncomingMessage): void => {
      // On every request, of which all but a connection's first find nothing to do.
      if (sockets.delete(socket)) socket.off('close', forget);
    };
    server.on('request', used);
    server.on('upgrade', used);
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
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
