import type http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';

/**
 * Connections of a server that have not asked for anything yet; browsers and load balancers open some ahead. Node counts
 * them as busy, so that a server which closes would wait for them until their headers are overdue.
 */
export class UnusedConnections {
  readonly #sockets = new Set<Socket>();

  constructor(server: http.Server) {
    const sockets = this.#sockets;
    // One function for all connections, not one for each.
    function forget(this: Socket): void {
      sockets.delete(this);
    }
    server.on(server instanceof https.Server ? 'secureConnection' : 'connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', forget);
    });
    const used = ({ socket }: http.IncomingMessage): void => {
      sockets.delete(socket);
      socket.off('close', forget);
    };
    server.on('request', used);
    server.on('upgrade', used);
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
