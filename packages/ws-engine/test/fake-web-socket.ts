import { EventEmitter } from 'node:events';
import type { BackpressureLimits, ClientOwner, ClientSocket } from '../src/client-socket.ts';
import { Outbox, type OutboxOptions } from '../src/outbox.ts';

/** The socket under a WebSocket: takes bytes until it is told to hold them back. */
export class FakeSocket extends EventEmitter {
  written: Buffer[] = [];
  writableLength = 0;
  holding = false;
  /** The stream's own high-water mark: below it a write returns true, and nobody is told of a drain. */
  writableHighWaterMark = 0;
  #owesDrain = false;
  #taken: (() => void)[] = [];

  write(bytes: Buffer, taken?: () => void): boolean {
    this.written.push(bytes);
    if (taken !== undefined) this.#taken.push(taken);
    if (!this.holding) {
      queueMicrotask(() => this.#tellTaken());
      return true;
    }
    this.writableLength += bytes.length;
    const isBelow = this.writableLength < this.writableHighWaterMark;
    if (!isBelow) this.#owesDrain = true;
    return isBelow;
  }

  /** The kernel has taken everything. */
  drain(): void {
    this.holding = false;
    this.writableLength = 0;
    this.#tellTaken();
    if (this.#owesDrain) this.emit('drain');
    this.#owesDrain = false;
  }

  #tellTaken(): void {
    const callbacks = this.#taken;
    this.#taken = [];
    for (const taken of callbacks) taken();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.written);
  }
}

/** As much of a ws WebSocket as a client touches. */
export class FakeWebSocket {
  readonly OPEN = 1;
  readonly CLOSED = 3;
  readyState = 1;
  extensions: string;
  readonly _socket: FakeSocket | undefined;
  sent: string[] = [];
  closes: { code: number; reason: string }[] = [];
  #ownBuffered = 0;
  #taken: (() => void)[] = [];

  constructor(options: { readonly raw?: FakeSocket; readonly extensions?: string } = {}) {
    this._socket = options.raw;
    this.extensions = options.extensions ?? '';
  }

  get bufferedAmount(): number {
    return this._socket?.writableLength ?? this.#ownBuffered;
  }

  set bufferedAmount(bytes: number) {
    this.#ownBuffered = bytes;
  }

  send(payload: Buffer, _options: object, taken: () => void): void {
    this.sent.push(payload.toString());
    this.#taken.push(taken);
    if (this.bufferedAmount === 0) queueMicrotask(() => this.take());
  }

  /** The kernel has taken everything that was sent. */
  take(): void {
    this.#ownBuffered = 0;
    const callbacks = this.#taken;
    this.#taken = [];
    for (const taken of callbacks) taken();
  }

  close(code: number, reason: string): void {
    this.closes.push({ code, reason });
  }

  ping(): void {}
}

export class FakeOwner implements ClientOwner {
  readonly outbox: Outbox;
  readonly limits: BackpressureLimits;
  readonly goneClients: ClientSocket[] = [];

  constructor(limits: Partial<BackpressureLimits> = {}, outbox: Partial<OutboxOptions> = {}) {
    this.outbox = new Outbox({ flushDelayMs: 0, writeBufferBytes: 100, sliceMs: 5, ...outbox });
    this.limits = {
      maxMessages: 3,
      maxBytes: null,
      disconnectOnBufferFull: true,
      maxBackpressureBytes: 100,
      ...limits,
    };
  }

  received(): void {}
  heard(): void {}
  closed(): void {}
  drained(): void {}

  gone(client: ClientSocket): void {
    this.goneClients.push(client);
  }
}
