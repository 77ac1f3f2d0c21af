import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientOptions, WebSocket } from 'ws';
import type { Transcript } from '../transcript.ts';
import { dataOf, type Frame, objectOf, readFrame } from './frames.ts';

/** Longest a row waits for a frame or a close. */
const WAIT_MS = 5000;
/** What the suite takes for silence. */
const SILENCE_MS = 300;

const ASIDES = ['pusher_internal:subscription_count', 'pusher:cache_miss', 'pusher:subscription_error'] as const;

/**
 * A frame that a server sends or not depending on its settings; rows that are about it ask for it, and no other row
 * stumbles over it.
 */
export type Aside = (typeof ASIDES)[number];

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

export interface RawSocketOptions {
  readonly url: string;
  readonly name: string;
  readonly transcript: Transcript;
  /** Gets every close code that a server sends. */
  readonly onClose: (code: number) => void;
  readonly ws?: ClientOptions;
  /** Frames that are not set aside, for rows about their place among the others. */
  readonly inOrder?: readonly Aside[];
}

/** A Pusher client without a library: sends what a row says, and keeps what comes. */
export class RawSocket {
  readonly ws: WebSocket;
  readonly name: string;
  /** Frames that no `next` has taken. */
  readonly frames: Frame[] = [];
  readonly asides: Frame[] = [];
  /** Payloads of WebSocket pings and pongs. */
  readonly pings: string[] = [];
  readonly pongs: string[] = [];
  closed: Closed | null = null;
  /** Why there was no connection, or none any more, where the network or the handshake is to blame. */
  failure: string | null = null;
  /** The socket id; empty until the greeting was taken. */
  id = '';
  readonly #transcript: Transcript;
  readonly #setAside: ReadonlySet<unknown>;
  readonly #wakes = new Set<() => void>();

  constructor({ url, name, transcript, onClose, ws, inOrder = [] }: RawSocketOptions) {
    this.name = name;
    this.#setAside = new Set<unknown>(ASIDES.filter((event) => !inOrder.includes(event)));
    this.#transcript = transcript;
    transcript.add(name, `opens ${url}`);
    this.ws = new WebSocket(url, { perMessageDeflate: false, ...ws });
    this.ws.on('message', (data, isBinary) => this.#received(Buffer.isBuffer(data) ? data.toString() : '', isBinary));
    this.ws.on('ping', (data) => this.#heard(this.pings, 'ping', data));
    this.ws.on('pong', (data) => this.#heard(this.pongs, 'pong', data));
    this.ws.on('error', (error) => {
      // Of a host with several addresses only the code tells something.
      this.failure = error.message === '' && 'code' in error ? String(error.code) : error.message;
      transcript.add(name, `error: ${this.failure}`);
    });
    this.ws.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      transcript.add(name, `closed ${code} '${this.closed.reason}'`);
      onClose(code);
      this.#wake();
    });
  }

  /** Takes the greeting. */
  async greeted(): Promise<Frame> {
    const greeting = await this.expectEvent('pusher:connection_established');
    this.id = String(dataOf(greeting)['socket_id']);
    return greeting;
  }

  send(message: unknown): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.#transcript.add(this.name, `→ ${text}`);
    this.ws.send(text);
  }

  sendBinary(bytes: Buffer): void {
    this.#transcript.add(this.name, `→ binary ${bytes.toString()}`);
    this.ws.send(bytes, { binary: true });
  }

  /** One text message in as many frames as there are parts. */
  sendFragments(parts: readonly string[]): void {
    this.#transcript.add(this.name, `→ in ${parts.length} fragments: ${parts.join('')}`);
    for (const [i, part] of parts.entries()) this.ws.send(part, { fin: i === parts.length - 1 });
  }

  /** Takes the oldest frame. */
  async next(what = 'a frame'): Promise<Frame> {
    return this.until(what, () => this.frames.shift() ?? this.#failIfClosed(what));
  }

  /** Takes the oldest frame, which has to be this one; the order of its members is free. */
  async expectFrame(expected: Frame): Promise<void> {
    assert.deepEqual(await this.next(JSON.stringify(expected)), expected);
  }

  async expectEvent(event: string): Promise<Frame> {
    const frame = await this.next(event);
    assert.equal(frame['event'], event, `expected ${event}, but got ${JSON.stringify(frame)}`);
    return frame;
  }

  /** A `pusher:error` of exactly the form Pusher sends; a string has to be the whole message, a pattern is searched for. */
  async expectError(code: number | null, message: string | RegExp): Promise<string> {
    const frame = await this.expectEvent('pusher:error');
    assert.deepEqual(
      Object.keys(frame).sort(),
      ['data', 'event'],
      'an error frame has event and data, and nothing else',
    );
    const data = objectOf(frame['data'], 'data of pusher:error');
    assert.deepEqual(Object.keys(data).sort(), ['code', 'message']);
    assert.equal(data['code'], code);
    const text = data['message'];
    if (typeof text !== 'string') assert.fail(`message has to be a string, but is ${JSON.stringify(text)}`);
    if (typeof message === 'string') assert.equal(text, message);
    else assert.match(text, message);
    return text;
  }

  /** Takes the oldest aside of this event. */
  async expectAside(event: string): Promise<Frame> {
    return this.until(event, () => {
      const at = this.asides.findIndex((frame) => frame['event'] === event);
      return at === -1 ? this.#failIfClosed(event) : this.asides.splice(at, 1)[0];
    });
  }

  async expectClose(code: number): Promise<Closed> {
    const closed = await this.until(`a close with ${code}`, () => this.closed ?? undefined);
    assert.equal(closed.code, code, `expected a close with ${code}, but it was ${closed.code} '${closed.reason}'`);
    return closed;
  }

  /** The connection works: a ping is answered, and its answer is the next frame. */
  async expectAlive(): Promise<void> {
    this.send({ event: 'pusher:ping', data: {} });
    await this.expectEvent('pusher:pong');
  }

  /** Nothing comes for a while, though the connection works. */
  async expectQuiet(): Promise<void> {
    await sleep(SILENCE_MS);
    assert.deepEqual(this.frames, [], `${this.name} should have got nothing`);
    await this.expectAlive();
  }

  /** Waits for something about this socket. */
  async until<T>(what: string, condition: () => T | undefined): Promise<T> {
    const endsAt = performance.now() + WAIT_MS;
    for (;;) {
      const value = condition();
      if (value !== undefined) return value;
      const leftMs = endsAt - performance.now();
      if (leftMs <= 0) throw new Error(`${this.name} waited ${WAIT_MS} ms in vain for ${what}`);
      await this.#change(leftMs);
    }
  }

  /** Closes in order and waits for it. */
  async close(): Promise<void> {
    if (this.closed !== null) return;
    this.#transcript.add(this.name, 'closes');
    this.ws.close();
    await this.until('the end of the connection', () => this.closed ?? undefined);
  }

  /** Ends at once, without a close frame. */
  terminate(): void {
    this.ws.terminate();
  }

  #received(text: string, isBinary: boolean): void {
    this.#transcript.add(this.name, `← ${text}`);
    const frame = isBinary ? { event: 'a binary frame' } : readFrame(text);
    (this.#setAside.has(frame['event']) ? this.asides : this.frames).push(frame);
    this.#wake();
  }

  #heard(list: string[], what: string, data: Buffer): void {
    this.#transcript.add(this.name, `← ${what} frame '${data.toString()}'`);
    list.push(data.toString());
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

  #failIfClosed(what: string): undefined {
    if (this.closed === null) return undefined;
    const { code, reason } = this.closed;
    throw new Error(`${this.name} was closed with ${code} '${reason}' while waiting for ${what}`);
  }
}
