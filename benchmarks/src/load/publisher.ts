import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { monotonicMicros } from '../clock.ts';
import type { Endpoint } from '../endpoint.ts';
import { BenchmarkFailure } from '../errors.ts';
import type { Histogram } from '../histogram.ts';
import type { ContentOf } from './content.ts';
import { eventRequest } from './event-request.ts';

/** A server's way to say "not now"; any other answer but 200 ends the run. */
const REFUSALS = new Set([429, 503]);

export interface PublisherOptions {
  readonly endpoint: Endpoint;
  readonly channel: string;
  /** Tells publishers of one run apart. */
  readonly publisher: number;
  readonly contentOf: ContentOf;
  /** From the request's first byte written to the whole answer read. */
  readonly latency: Histogram;
}

/**
 * One request at a time, which is what gives its messages an order; all on one keep-alive connection, unless the server
 * ends the connection with each answer.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  #socket: Socket | null = null;
  #answer = '';
  #waiting: PromiseWithResolvers<number> | null = null;
  #failure: Error | null = null;
  #sentAtMicros = 0;
  #accepted = 0;
  #refused = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  async connect(): Promise<void> {
    this.#socket = this.#open();
    await once(this.#socket, 'connect');
  }

  get isBusy(): boolean {
    return this.#waiting !== null;
  }

  get accepted(): number {
    return this.#accepted;
  }

  get refused(): number {
    return this.#refused;
  }

  /** Publishes the next number; a refused one is given to the next message, so accepted ones have no gap. */
  async publish(stampMicros: number): Promise<'accepted' | 'refused'> {
    if (this.#failure !== null) throw this.#failure;
    const { endpoint, channel, publisher, contentOf } = this.#options;
    const content = contentOf({ publisher, number: this.#accepted, sentAtMicros: stampMicros });
    const request = eventRequest(endpoint, channel, content);
    const waiting = Promise.withResolvers<number>();
    this.#waiting = waiting;
    this.#sentAtMicros = monotonicMicros();
    this.#socket ??= this.#open();
    this.#socket.write(request, 'latin1');
    if ((await waiting.promise) === 200) {
      this.#accepted++;
      return 'accepted';
    }
    this.#refused++;
    return 'refused';
  }

  close(): void {
    this.#socket?.resetAndDestroy();
    this.#socket = null;
  }

  #open(): Socket {
    const { host, port } = this.#options.endpoint;
    const socket = connect({ host, port, noDelay: true });
    const fail = (error: Error): void => {
      if (socket === this.#socket) this.#fail(error);
    };
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#read(text));
    socket.on('error', fail);
    socket.on('close', () => fail(new BenchmarkFailure('the server closed a publisher')));
    return socket;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
    this.close();
  }

  #read(text: string): void {
    this.#answer += text;
    const headEnd = this.#answer.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const head = this.#answer.slice(0, headEnd);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    const waiting = this.#waiting;
    if (length === undefined || waiting === null) {
      this.#fail(new BenchmarkFailure(`unexpected answer: ${head.slice(0, 200)}`));
      return;
    }
    const end = headEnd + 4 + Number(length);
    if (this.#answer.length < end) return;
    const status = Number(head.slice(9, 12));
    const body = this.#answer.slice(headEnd + 4, end).trim();
    // soketi answers errors with 200.
    if (status === 200 ? body.startsWith('{"error"') : !REFUSALS.has(status)) {
      this.#fail(new BenchmarkFailure(`a publish was answered with ${status}: ${body.slice(0, 300)}`));
      return;
    }
    this.#answer = this.#answer.slice(end);
    this.#options.latency.record(monotonicMicros() - this.#sentAtMicros);
    this.#waiting = null;
    // With a reset, so that no port stays in TIME_WAIT for each request.
    if (/\r\nconnection: *close/i.test(head)) this.close();
    waiting.resolve(status);
  }
}
