import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** What no server should do. */
export type Misconduct = 'hang' | 'reset' | 'garbage' | 'endless body' | 'long body';

export interface ReceivedCall<Answer = unknown> {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly at: number;
  readonly answer: Answer;
}

/** A real HTTP server on a free port that notes what it gets, and answers as it is told. */
export abstract class Receiver<Answer> {
  readonly calls: ReceivedCall<Answer>[] = [];
  /** Used up one by one; then `answer`. */
  readonly answers: Answer[] = [];
  answer: Answer;
  /** Before each answer. */
  delayMs = 0;
  concurrent = 0;
  maxConcurrent = 0;
  /** All that there were. */
  connections = 0;
  /** Those that are there now. */
  open = 0;
  readonly #server = createServer((request, response) => void this.#receive(request, response));
  #port = 0;

  constructor(answer: Answer) {
    this.answer = answer;
    this.#server.on('connection', (socket) => {
      this.connections++;
      this.open++;
      socket.once('close', () => this.open--);
    });
  }

  protected abstract give(call: ReceivedCall<Answer>, response: ServerResponse): void;

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async listen(t: TestContext): Promise<this> {
    await this.resume();
    t.after(() => this.stop());
    return this;
  }

  /** From now on connections are refused. */
  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** On the same port as before. */
  async resume(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.maxConcurrent = Math.max(this.maxConcurrent, ++this.concurrent);
    const answer = this.answers.shift() ?? this.answer;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers, rawHeaders } = request;
    const body = Buffer.concat(chunks).toString();
    const call = { method, url, headers, rawHeaders, body, at: performance.now(), answer };
    this.calls.push(call);
    const end = (): void => {
      this.concurrent--;
      this.give(call, response);
    };
    if (this.delayMs > 0) setTimeout(end, this.delayMs);
    else end();
  }
}

export function misbehave(how: Misconduct, response: ServerResponse): void {
  const { socket } = response;
  if (how === 'reset') socket?.resetAndDestroy();
  else if (how === 'garbage') socket?.end('I am no HTTP server\r\n\r\n');
  else if (how === 'endless body') response.writeHead(200).write('and so on');
  else if (how === 'long body') response.writeHead(200).end(Buffer.alloc(1_000_000));
}
