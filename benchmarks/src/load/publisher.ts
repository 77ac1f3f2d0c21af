import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

import { monotonicMicros } from '../clock.ts';
import type { Endpoint } from '../endpoint.ts';
import { BenchmarkFailure } from '../errors.ts';
import type { Histogram } from '../histogram.ts';
import { eventRequest } from './event-request.ts';
import { stampedData } from './stamp.ts';

/** A server's way to say "not now"; any other answer but 200 ends the run. */
const REFUSALS = new Set([429, 503]);

export interface PublisherOptions {
  readonly endpoint: Endpoint;
  readonly channel: string;
  /** Tells publishers of one run apart. */
  readonly publisher: number;
  /** From the request's first byte written to the whole answer read. */
  readonly latency: Histogram;
}

/** One keep-alive connection with one request at a time, which is what gives its messages an order. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #socket: Socket;
  #answer = '';
  #waiting: PromiseWithResolvers<number> | null = null;
  #failure: Error | null = null;
  #sentAtMicros = 0;
  #accepted = 0;
  #refused = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
    const { host, port } = options.endpoint;
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text: string) => this.#read(text));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new BenchmarkFailure('the server closed a publisher')));
  }

  async connected(): Promise<void> {
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
    const { endpoint, channel, publisher } = this.#options;
    const data = stampedData({ publisher, number: this.#accepted, sentAtMicros: stampMicros });
    const request = eventRequest(endpoint, channel, data);
    const waiting = Promise.withResolvers<number>();
    this.#waiting = waiting;
    this.#sentAtMicros = monotonicMicros();
    this.#socket.write(request, 'latin1');
    if ((await waiting.promise) === 200) {
      this.#accepted++;
      return 'accepted';
    }
    this.#refused++;
    return 'refused';
  }

  close(): void {
    this.#socket.resetAndDestroy();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
    this.#socket.destroy();
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
    if (status !== 200 && !REFUSALS.has(status)) {
      const body = this.#answer.slice(headEnd + 4, end).trim();
      this.#fail(new BenchmarkFailure(`a publish was answered with ${status}: ${body.slice(0, 300)}`));
      return;
    }
    this.#answer = this.#answer.slice(end);
    this.#options.latency.record(monotonicMicros() - this.#sentAtMicros);
    this.#waiting = null;
    waiting.resolve(status);
  }
}
