// HOT: `message` runs once per delivered message, the read callback once per read; no allocation, closure or log call in them.
import { connect, type Socket } from 'node:net';

import { monotonicMicros } from '../clock.ts';
import type { Endpoint } from '../endpoint.ts';
import { clientFrame, PONG_FRAME, TEXT_FRAME } from './client-frame.ts';
import { FrameParser, type FrameSink } from './frame-parser.ts';
import { eventOf, upgradeRequest } from './handshake.ts';
import type { Listener } from './listener.ts';
import type { Tally } from './tally.ts';

export interface SubscriberOptions {
  readonly endpoint: Endpoint;
  readonly channel: string;
  /** Members of the subscription beside its channel. */
  readonly asked: Readonly<Record<string, unknown>>;
  /** Takes deltas as binary messages. */
  readonly binary: boolean;
  readonly localAddress: string | undefined;
  /** One for all sockets of the process: a read is handled before the next one is made. */
  readonly readBuffer: Buffer;
  readonly tally: Tally;
  readonly listener: Listener;
}

const UNOPENED = 0;
const CONNECTED = 1;
const SUBSCRIBED = 2;
const STOPPED = 3;
const ENDED = 4;

/** One WebSocket on one channel. */
export class Subscriber implements FrameSink {
  readonly #options: SubscriberOptions;
  readonly #tally: Tally;
  readonly #parser = new FrameParser(this);
  /** Settles with the subscription that is under way. */
  #subscribing = Promise.withResolvers<void>();
  readonly #socket: Socket;
  #channel: string;
  #state = UNOPENED;
  /** The answer to the upgrade until its blank line. */
  #head = '';

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#channel = options.channel;
    this.#tally = options.tally;
    const { host, port } = options.endpoint;
    this.#socket = connect({
      host,
      port,
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
      noDelay: true,
      onread: { buffer: options.readBuffer, callback: (bytes) => this.#read(bytes) },
    });
    this.#socket.once('connect', () => this.#socket.write(upgradeRequest(options.endpoint)));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#end(error.code ?? error.message));
    this.#socket.once('close', () => this.#end('closed without a close frame'));
  }

  /** Settles when the subscription has succeeded, or why it has not. */
  get subscribed(): Promise<void> {
    return this.#subscribing.promise;
  }

  /** Leaves its channel for another; settles as `subscribed` does. */
  async move(channel: string): Promise<void> {
    if (this.#state !== SUBSCRIBED) throw new Error('the connection has ended');
    this.#state = CONNECTED;
    this.#subscribing = Promise.withResolvers();
    this.#send('pusher:unsubscribe', { channel: this.#channel });
    this.#subscribe(channel);
    await this.#subscribing.promise;
  }

  /** What comes from here on waits in the kernel, and then in the server, which may end the connection. */
  stopReading(): void {
    this.#state = STOPPED;
    this.#socket.pause();
  }

  /** A reset instead of an orderly end, so that no port stays in TIME_WAIT for the next run. */
  close(): void {
    this.#state = ENDED;
    this.#socket.resetAndDestroy();
  }

  giveUp(reason: string): void {
    this.#end(reason);
  }

  message(bytes: Buffer, start: number, end: number): void {
    if (this.#state === SUBSCRIBED) this.#options.listener.message(bytes, start, end);
    else if (this.#state === CONNECTED) this.#greeting(bytes.toString('utf8', start, end));
  }

  ping(payload: Buffer): void {
    this.#socket.write(clientFrame(PONG_FRAME, payload));
  }

  closed(code: number): void {
    this.#end(`close ${code}`);
  }

  #read(bytes: number): boolean {
    this.#tally.nowMicros = monotonicMicros();
    this.#tally.bytes += bytes;
    try {
      const start = this.#state === UNOPENED ? this.#readHead(bytes) : 0;
      this.#parser.push(this.#options.readBuffer, start, bytes);
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error));
    }
    return true;
  }

  /** Where the frames begin. */
  #readHead(bytes: number): number {
    const before = this.#head.length;
    this.#head += this.#options.readBuffer.toString('latin1', 0, bytes);
    const end = this.#head.indexOf('\r\n\r\n');
    if (end === -1) return bytes;
    if (!this.#head.startsWith('HTTP/1.1 101 '))
      throw new Error(`upgrade: ${this.#head.slice(0, this.#head.indexOf('\r\n'))}`);
    this.#state = CONNECTED;
    return end + 4 - before;
  }

  #greeting(text: string): void {
    const event = eventOf(text);
    if (event === 'pusher:connection_established') {
      if (this.#options.binary) this.#send('pusher:enable_delta_compression', { binary: true });
      this.#subscribe(this.#channel);
    } else if (event === 'pusher_internal:subscription_succeeded') {
      this.#state = SUBSCRIBED;
      this.#subscribing.resolve();
    } else if (event !== 'pusher:delta_compression_enabled') {
      throw new Error(`instead of a subscription: ${text.slice(0, 200)}`);
    }
  }

  #subscribe(channel: string): void {
    this.#channel = channel;
    this.#send('pusher:subscribe', { auth: '', channel, ...this.#options.asked });
  }

  #send(event: string, data: Readonly<Record<string, unknown>>): void {
    this.#socket.write(clientFrame(TEXT_FRAME, Buffer.from(JSON.stringify({ event, data }))));
  }

  #end(reason: string): void {
    if (this.#state === ENDED) return;
    if (this.#state === SUBSCRIBED) this.#tally.connectionEnded(reason);
    else this.#subscribing.reject(new Error(reason));
    this.close();
  }
}
