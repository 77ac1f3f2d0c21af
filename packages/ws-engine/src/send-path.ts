import type { WebSocket } from 'ws';
import type { Batch } from './batch.ts';

const TEXT = { binary: false } as const;
const BINARY = { binary: true } as const;

/**
 * Frames one by one through ws's own `send`: for clients that ws compresses for, and where its socket cannot be had.
 * The callbacks of `send` take the place of the socket's `drain`, since what waits for a compression is not in the socket.
 */
export class SendPath {
  readonly #ws: WebSocket;
  #untaken = 0;
  #onTaken: (() => void) | null = null;

  constructor(ws: WebSocket) {
    this.#ws = ws;
  }

  write(batch: Batch): void {
    for (const { payload, isBinary } of batch.frames()) {
      this.#untaken++;
      this.#ws.send(payload, isBinary ? BINARY : TEXT, this.#taken);
    }
  }

  /** Calls back once the kernel has taken all that was sent, or the connection is closed. */
  whenTaken(done: () => void): void {
    this.#onTaken = done;
    if (this.#untaken === 0) this.#tell();
  }

  readonly #taken = (): void => {
    this.#untaken--;
    if (this.#untaken === 0) this.#tell();
  };

  #tell(): void {
    const done = this.#onTaken;
    this.#onTaken = null;
    done?.();
  }
}
