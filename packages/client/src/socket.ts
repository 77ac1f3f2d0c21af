/** What is used of a WebSocket: the browser's, Node's, `ws` and `faye-websocket` all have it. */
export interface SocketLike {
  readonly url: string;
  readonly protocol: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  // `ws` and `faye-websocket` may leave it out, and have kinds of their own.
  binaryType?: string;
  readonly extensions?: string;
  onopen: ((event: never) => unknown) | null;
  onmessage: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  onclose: ((event: never) => unknown) | null;
  send(data: never): void;
  close(code?: number, reason?: string): void;
}

export type SocketClass = new (url: string, protocols?: string | string[]) => SocketLike;

export interface CloseDetails {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** A `close` event, also where there is no global class for it (Node before 23). */
export class ClosedEvent extends Event implements CloseDetails {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;

  constructor({ code, reason, wasClean }: CloseDetails) {
    super('close');
    this.code = code;
    this.reason = reason;
    this.wasClean = wasClean;
  }
}

/** An `error` event; what Node's implementations say of the reason comes along. */
export class FailedEvent extends Event {
  readonly message: string;
  readonly error: unknown;

  constructor({ message = '', error }: { readonly message?: string; readonly error?: unknown }) {
    super('error');
    this.message = message;
    this.error = error;
  }

  /** pusher-js puts this into its timeline. */
  override toString(): string {
    return this.message === '' ? 'WebSocket error' : this.message;
  }
}
