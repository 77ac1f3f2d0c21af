import { DeltaSession, type Shared } from './delta-session.ts';
import type { DeltaOptions } from './options.ts';
import { shared } from './shared.ts';
import { ClosedEvent, type CloseDetails, FailedEvent, type SocketClass, type SocketLike } from './socket.ts';
import type { DeltaStats } from './stats.ts';

export interface DeltaWebSocketOptions extends DeltaOptions {
  /** The class to connect with: without it the global `WebSocket`. */
  readonly WebSocket?: SocketClass;
}

type EventName = 'open' | 'message' | 'error' | 'close';
type Handler = ((event: never) => unknown) | null | undefined;

/** Pusher's code for "connect again at once"; client libraries do. */
const RECONNECT = { code: 4200, reason: 'Deltas cannot be decoded' };
/** Messages that wait for decoders. A server sends one before anybody has subscribed. */
const MAX_HELD = 100;

/**
 * A WebSocket to a Pusher server for a client library that knows nothing of deltas: they are asked for, decoded and
 * given to it as ordinary messages. To a server without deltas it is a plain WebSocket.
 */
export class DeltaWebSocket extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;

  readonly #socket: SocketLike;
  readonly #session: DeltaSession;
  readonly #stats: Readonly<DeltaStats>;
  readonly #handlers = new Map<EventName, { handler: Handler }>();
  /** For the library; the socket itself gives bytes, in which deltas come. */
  #binaryType: string;
  /** What came before the decoders were loaded; undefined when nothing has to wait any more. */
  #held: unknown[] | undefined;

  constructor(url: string, protocols?: string | string[], options: DeltaWebSocketOptions = {}) {
    super();
    const Socket = options.WebSocket ?? globalThis.WebSocket;
    // Some implementations take an explicit undefined for a protocol.
    this.#socket = protocols === undefined ? new Socket(url) : new Socket(url, protocols);
    this.#binaryType = this.#socket.binaryType ?? 'blob';
    this.#socket.binaryType = 'arraybuffer';
    const common = shared(options);
    this.#stats = common.stats;
    this.#session = new DeltaSession(common, {
      deliver: (text) => this.#dispatchMessage(text),
      send: (text) => this.#socket.send(text as never),
      reconnect: () => this.#socket.close(RECONNECT.code, RECONNECT.reason),
    });
    this.#socket.onopen = () => this.dispatchEvent(new Event('open'));
    this.#socket.onmessage = ({ data }: { readonly data: unknown }) => this.#receive(data);
    this.#socket.onerror = (event: { readonly message?: string; readonly error?: unknown }) =>
      this.dispatchEvent(new FailedEvent(event));
    this.#socket.onclose = (event: CloseDetails) => {
      this.#release();
      this.#session.close();
      this.dispatchEvent(new ClosedEvent(event));
    };
    if (!common.decoders.areReady) this.#waitForDecoders(common);
  }

  /** The counters, a copy; those of all connections that were given the same options object. */
  get deltaStats(): DeltaStats {
    return { ...this.#stats };
  }

  get url(): string {
    return this.#socket.url;
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  get extensions(): string {
    return this.#socket.extensions ?? '';
  }

  get readyState(): number {
    return this.#socket.readyState;
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  get binaryType(): string {
    return this.#binaryType;
  }

  set binaryType(type: string) {
    this.#binaryType = type;
  }

  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    const sent = typeof data === 'string' ? this.#session.outgoing(data) : data;
    this.#socket.send(sent as never);
  }

  close(code?: number, reason?: string): void {
    if (code === undefined) this.#socket.close();
    else this.#socket.close(code, reason);
  }

  get onopen(): ((event: Event) => unknown) | null {
    return this.#handler('open');
  }

  set onopen(handler: ((event: Event) => unknown) | null | undefined) {
    this.#handle('open', handler);
  }

  get onmessage(): ((event: MessageEvent) => unknown) | null {
    return this.#handler('message');
  }

  set onmessage(handler: ((event: MessageEvent) => unknown) | null | undefined) {
    this.#handle('message', handler);
  }

  get onerror(): ((event: Event) => unknown) | null {
    return this.#handler('error');
  }

  set onerror(handler: ((event: Event) => unknown) | null | undefined) {
    this.#handle('error', handler);
  }

  get onclose(): ((event: ClosedEvent) => unknown) | null {
    return this.#handler('close');
  }

  set onclose(handler: ((event: ClosedEvent) => unknown) | null | undefined) {
    this.#handle('close', handler);
  }

  #receive(data: unknown): void {
    if (this.#held === undefined) return this.#process(data);
    this.#held.push(data);
    if (this.#held.length > MAX_HELD) this.#release();
  }

  #process(data: unknown): void {
    if (typeof data === 'string') this.#session.receive(data);
    else if (!this.#session.receiveBinary(bytesOf(data))) {
      this.#dispatchMessage(this.#binaryType === 'blob' ? new Blob([data as ArrayBuffer]) : data);
    }
  }

  #dispatchMessage(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }

  /** The first message makes the client library subscribe, and what it can ask for depends on the decoders. */
  #waitForDecoders({ decoders, limits }: Shared): void {
    this.#held = [];
    const release = (): void => {
      clearTimeout(timeout);
      this.#release();
    };
    const timeout = setTimeout(release, limits.decoderTimeoutMs);
    void decoders.load().then(release);
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const data of held) this.#process(data);
  }

  #handler<T>(name: EventName): T | null {
    return (this.#handlers.get(name)?.handler ?? null) as T | null;
  }

  /** As browsers have it: a handler keeps its place among the listeners while it is replaced. */
  #handle(name: EventName, handler: Handler): void {
    const present = this.#handlers.get(name);
    if (present !== undefined) present.handler = handler;
    else {
      const slot = { handler };
      this.#handlers.set(name, slot);
      this.addEventListener(name, (event) => slot.handler?.call(this, event as never));
    }
  }
}

/** `faye-websocket` gives a Buffer whatever it is asked for. */
function bytesOf(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data;
  return data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array();
}
