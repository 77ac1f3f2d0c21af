import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';

/** How a call is answered: with a status, or not at all. */
export type WebhookAnswer = number | 'hang';

export interface WebhookCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** When all of it had come, on the clock of `performance.now()`. */
  readonly at: number;
}

/** One row that wants to know of calls. */
export interface WebhookListener {
  /** How a call is to be answered; undefined: another listener knows, or it is 200. */
  answerTo(call: WebhookCall): WebhookAnswer | undefined;
  /** A call came, and this is its answer. */
  called(call: WebhookCall, answer: WebhookAnswer): void;
}

/** Far above what any server puts into one call; it ends the connection of one that does not end. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** The endpoint that the server under test posts webhooks to. Keeps nothing; its listeners do. */
export class WebhookReceiver {
  readonly #server: Server;
  readonly #listeners = new Set<WebhookListener>();

  private constructor() {
    this.#server = createServer((request, response) => void this.#receive(request, response));
  }

  /** Listens on a port, 0 for any; on all addresses unless there is a host. */
  static async listen(port: number, host?: string): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    const server = receiver.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(host === undefined ? { port } : { port, host }, resolve);
    });
    return receiver;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the receiver does not listen');
    return address.port;
  }

  add(listener: WebhookListener): void {
    this.#listeners.add(listener);
  }

  remove(listener: WebhookListener): void {
    this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (body === null) {
      request.destroy();
      return;
    }
    const { method = '', url: path = '', headers } = request;
    const call = { method, path, headers, body, at: performance.now() };
    const listeners = [...this.#listeners];
    const answer = firstOf(listeners.map((listener) => listener.answerTo(call))) ?? 200;
    if (answer !== 'hang') give(response, answer);
    for (const listener of listeners) listener.called(call, answer);
  }
}

/** `null`: it is too large, or was cut off. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) return null;
      chunks.push(chunk);
    }
  } catch {
    return null;
  }
  return Buffer.concat(chunks);
}

function firstOf<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.find((value) => value !== undefined);
}

function give(response: ServerResponse, status: number): void {
  // Who follows it finds a 200, and takes the call for delivered.
  if (status >= 300 && status < 400) response.setHeader('location', '/moved');
  response.writeHead(status).end();
}
