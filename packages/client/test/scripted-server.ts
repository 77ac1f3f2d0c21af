import { freePort, until } from '@sluice/testkit';
import { type WebSocket, WebSocketServer } from 'ws';

export interface Sent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const ESTABLISHED = {
  event: 'pusher:connection_established',
  data: JSON.stringify({ socket_id: '1.2', activity_timeout: 120 }),
};

/** A Pusher server as far as these tests need one: it greets, confirms subscriptions, and says what the test tells it to. */
export class ScriptedServer {
  /** What clients sent, over all connections. */
  readonly received: Sent[] = [];
  readonly connections: WebSocket[] = [];
  readonly #server: WebSocketServer;
  readonly port: number;

  private constructor(server: WebSocketServer, port: number) {
    this.#server = server;
    this.port = port;
    server.on('connection', (socket) => this.#greet(socket));
  }

  static async listen(): Promise<ScriptedServer> {
    const port = await freePort();
    const server = new WebSocketServer({ host: '127.0.0.1', port });
    await new Promise((resolve) => server.once('listening', resolve));
    return new ScriptedServer(server, port);
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/app/key?protocol=7`;
  }

  get latest(): WebSocket {
    const socket = this.connections.at(-1);
    if (socket === undefined) throw new Error('nobody is connected');
    return socket;
  }

  send(...texts: readonly string[]): void {
    for (const text of texts) this.latest.send(text);
  }

  /** The first message of that event that a client sent, or will send. */
  async sent(event: string, channel?: string): Promise<Sent> {
    return until(`${event} of a client`, () =>
      this.received.find((sent) => sent.event === event && (channel === undefined || sent.data['channel'] === channel)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.connections) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #greet(socket: WebSocket): void {
    this.connections.push(socket);
    socket.send(JSON.stringify(ESTABLISHED));
    socket.on('message', (bytes: Buffer) => {
      const sent = JSON.parse(bytes.toString()) as Sent;
      this.received.push(sent);
      if (sent.event === 'pusher:enable_delta_compression') {
        socket.send('{"event":"pusher:delta_compression_enabled","data":{"enabled":true,"algorithm":"fossil"}}');
      }
      if (sent.event !== 'pusher:subscribe') return;
      const { channel } = sent.data;
      socket.send(JSON.stringify({ event: 'pusher_internal:subscription_succeeded', channel, data: '{}' }));
    });
  }
}
