import { type ClientOptions, WebSocket } from 'ws';
import { faultOfFrame } from './check-frame.ts';
import { Harm } from './harm.ts';

/** Longest that the server may take over an answer. */
const ANSWER_MS = 5000;

/** A client that looks at everything it is sent. Reads with `ws`, which refuses frames that break the protocol. */
export class FuzzSocket implements Disposable {
  readonly #ws: WebSocket;
  /** What came, oldest first. */
  readonly texts: string[] = [];
  readonly #faults: string[] = [];
  #socketId = '';
  #isOver = false;
  #pings = 0;
  readonly #wakes = new Set<() => void>();

  private constructor(url: string, options: ClientOptions) {
    this.#ws = new WebSocket(url, { perMessageDeflate: false, ...options });
    this.#ws.on('message', (data, isBinary) => this.#received(Buffer.isBuffer(data) ? data.toString() : '', isBinary));
    this.#ws.on('error', (error) => this.#faults.push(`the connection had an error: ${error.message}`));
    this.#ws.on('close', (code) => {
      this.#isOver = true;
      if (code === 1006) this.#faults.push('the connection broke without a close frame');
      this.#wake();
    });
    this.#ws.on('pong', () => this.#wake());
  }

  /** Connects, and waits for the greeting. */
  static async open(url: string, options: ClientOptions = {}): Promise<FuzzSocket> {
    const socket = new FuzzSocket(url, options);
    await socket.until('the greeting', () => socket.#socketId !== '');
    return socket;
  }

  get id(): string {
    return this.#socketId;
  }

  send(text: string): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(text);
  }

  /** Waits until what was sent is read, or the server has closed. Throws for whatever was wrong. */
  async settle(): Promise<void> {
    const marker = `settle ${++this.#pings}`;
    let isAnswered = false;
    const listen = (payload: Buffer): void => {
      isAnswered ||= payload.toString() === marker;
    };
    this.#ws.prependListener('pong', listen);
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping(marker);
    await this.until('the pong', () => isAnswered || this.#isOver);
    this.#ws.off('pong', listen);
    this.assertSound();
  }

  assertSound(): void {
    const [fault] = this.#faults;
    if (fault !== undefined) throw new Harm(fault);
  }

  /** Waits for a condition that changes with what comes in. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const endsAt = performance.now() + ANSWER_MS;
    while (!condition()) {
      this.assertSound();
      const leftMs = endsAt - performance.now();
      if (leftMs <= 0) throw new Harm(`${ANSWER_MS} ms have passed without ${what}`);
      await this.#change(leftMs);
    }
  }

  [Symbol.dispose](): void {
    this.#ws.removeAllListeners('close');
    this.#ws.terminate();
  }

  #received(text: string, isBinary: boolean): void {
    const fault = isBinary ? 'a binary frame' : faultOfFrame(text);
    if (fault !== undefined) this.#faults.push(`a frame of the server: ${fault}`);
    this.texts.push(text);
    if (this.#socketId === '') this.#socketId = /socket_id\\":\\"([\d.]+)/.exec(text)?.[1] ?? '';
    this.#wake();
  }

  #change(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#wakes.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, withinMs);
      this.#wakes.add(wake);
    });
  }

  #wake(): void {
    for (const wake of [...this.#wakes]) wake();
  }
}
