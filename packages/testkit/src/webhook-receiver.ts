import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** How a call is answered: with a status, or wrongly. */
export type WebhookAnswer = number | 'hang' | 'reset' | 'garbage' | 'endless body' | 'long body';

export interface ReceivedCall {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly at: number;
  readonly answer: WebhookAnswer;
}

export interface ReceivedEvent {
  readonly name: string;
  readonly channel: string;
  readonly [member: string]: unknown;
}

/** A real HTTP server that notes what it gets. */
export class WebhookReceiver {
  readonly calls: ReceivedCall[] = [];
  /** Used up one by one; then `answer`. */
  readonly answers: WebhookAnswer[] = [];
  answer: WebhookAnswer = 200;
  /** Before each answer. */
  delayMs = 0;
  concurrent = 0;
  maxConcurrent = 0;
  connections = 0;
  readonly #server = createServer((request, response) => void this.#receive(request, response));
  #origin = '';

  static async start(t: TestContext): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    const server = receiver.#server;
    server.on('connection', () => receiver.connections++);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    receiver.#origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    t.after(() => receiver.stop());
    return receiver;
  }

  get url(): string {
    return `${this.#origin}/hooks`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Calls that were answered with 2xx. */
  get accepted(): ReceivedCall[] {
    return this.calls.filter(({ answer }) => (typeof answer === 'string' ? answer.endsWith('body') : answer < 300));
  }

  /** What those told, in order. */
  get events(): ReceivedEvent[] {
    return this.accepted.flatMap((call) => eventsOfCall(call));
  }

  /** Such as `channel_occupied a`. */
  get told(): string[] {
    return this.events.map(({ name, channel }) => `${name} ${channel}`);
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.maxConcurrent = Math.max(this.maxConcurrent, ++this.concurrent);
    const answer = this.answers.shift() ?? this.answer;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers, rawHeaders } = request;
    const body = Buffer.concat(chunks).toString();
    this.calls.push({ method, url, headers, rawHeaders, body, at: performance.now(), answer });
    const end = (): void => {
      this.concurrent--;
      give(answer, response);
    };
    if (this.delayMs > 0) setTimeout(end, this.delayMs);
    else end();
  }
}

function give(answer: WebhookAnswer, response: ServerResponse): void {
  const { socket } = response;
  if (typeof answer === 'number') {
    if (answer === 301) response.setHeader('Location', '/elsewhere');
    response.writeHead(answer).end(answer === 204 ? undefined : 'noted');
  } else if (answer === 'reset') socket?.resetAndDestroy();
  else if (answer === 'garbage') socket?.end('I am no HTTP server\r\n\r\n');
  else if (answer === 'endless body') response.writeHead(200).write('and so on');
  else if (answer === 'long body') response.writeHead(200).end(Buffer.alloc(1_000_000));
}

export function eventsOfCall({ body }: ReceivedCall): ReceivedEvent[] {
  return (JSON.parse(body) as { events: ReceivedEvent[] }).events;
}
