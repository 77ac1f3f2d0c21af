import { WebSocket } from 'ws';
import { readFrame } from './frames.ts';

export interface CountingSubscriberOptions {
  readonly url: string;
  readonly channel: string;
}

/** A subscriber to numbered events that keeps nothing of them but what is missing, so that there can be many thousands. */
export class CountingSubscriber {
  /** The number of its first event, and of its latest. */
  first: number | null = null;
  last: number | null = null;
  /** What went wrong, the first of it. */
  fault: string | null = null;
  readonly #ws: WebSocket;
  readonly #subscribed = Promise.withResolvers<void>();

  constructor({ url, channel }: CountingSubscriberOptions) {
    this.#ws = new WebSocket(url, { perMessageDeflate: false });
    this.#ws.on('message', (data) => this.#received(data as Buffer, channel));
    this.#ws.on('error', (error) => this.#fail(error.message));
    this.#ws.on('close', (code) => this.#fail(`it was closed with ${code}`));
  }

  /** Waits for the success of its subscription. */
  async subscribed(): Promise<void> {
    await this.#subscribed.promise;
  }

  end(): void {
    this.#ws.removeAllListeners('close');
    this.#ws.terminate();
  }

  #received(message: Buffer, channel: string): void {
    const { event, data } = readFrame(message.toString());
    if (event === 'pusher:connection_established') {
      this.#ws.send(JSON.stringify({ event: 'pusher:subscribe', data: { channel } }));
    } else if (event === 'pusher_internal:subscription_succeeded') this.#subscribed.resolve();
    else if (event === 'number') this.#count(Number(data));
  }

  #count(number: number): void {
    if (this.last !== null && number !== this.last + 1) this.#fail(`after event ${this.last} it got ${number}`);
    this.first ??= number;
    this.last = number;
  }

  #fail(fault: string): void {
    this.fault ??= fault;
    this.#subscribed.reject(new Error(fault));
  }
}
