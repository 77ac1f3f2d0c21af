import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientOptions, WebSocket } from 'ws';
import { channelAuth, presenceAuth, userAuth } from './channel-auth.ts';
import { until } from './until.ts';

/** One text frame of the server, parsed. */
export interface ReceivedFrame {
  readonly event: string;
  readonly channel?: string;
  /** As it came: a string in every event but `pusher:error`. */
  readonly data?: unknown;
  readonly user_id?: string;
}

/** A Pusher client without a library: what it sends and gets is exactly what the test says and sees. */
export class RawClient implements AsyncDisposable {
  readonly ws: WebSocket;
  /** Every frame so far that no `next` has taken. */
  readonly frames: ReceivedFrame[] = [];
  /** Every frame so far, as text. */
  readonly texts: string[] = [];
  /** Binary messages, of which only deltas are any. */
  readonly binaries: Buffer[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;
  socketId = '';

  private constructor(url: string, options: ClientOptions) {
    this.ws = new WebSocket(url, options);
    this.ws.on('error', () => {});
    this.ws.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    this.ws.on('message', (data, isBinary) => {
      // Messages come as one Buffer while binaryType is the default.
      if (!Buffer.isBuffer(data)) return;
      if (isBinary) {
        this.binaries.push(data);
        return;
      }
      const text = data.toString();
      this.texts.push(text);
      this.frames.push(JSON.parse(text) as ReceivedFrame);
    });
  }

  /** Opens a socket and waits for nothing, for handshakes that are to be refused. */
  static open(url: string, options: ClientOptions = {}): RawClient {
    return new RawClient(url, options);
  }

  /** Opens a socket and takes the greeting. */
  static async connect(url: string, options: ClientOptions = {}): Promise<RawClient> {
    const client = new RawClient(url, options);
    const greeting = await client.next('pusher:connection_established');
    const data = JSON.parse(String(greeting.data)) as { readonly socket_id: string };
    client.socketId = data.socket_id;
    return client;
  }

  send(message: unknown): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.ws.send(text);
  }

  /** Takes the oldest frame, which has to be of this event if one is named. */
  async next(event?: string): Promise<ReceivedFrame> {
    const frame = await until(event ?? 'a frame', () => this.frames.shift() ?? this.#failIfClosed(event));
    if (event !== undefined && frame.event !== event) {
      throw new Error(`expected ${event}, but got ${JSON.stringify(frame)}`);
    }
    return frame;
  }

  /** Waits for a close by the server. */
  async nextClose(): Promise<{ readonly code: number; readonly reason: string }> {
    return until('a close', () => this.closed ?? undefined);
  }

  /** Nothing comes for a while. */
  async expectSilence(forMs = 300): Promise<void> {
    await sleep(forMs);
    if (this.frames.length > 0) throw new Error(`expected silence, but got ${JSON.stringify(this.frames)}`);
  }

  async subscribe(channel: string): Promise<ReceivedFrame> {
    const auth = channel.startsWith('private-') ? channelAuth(this.socketId, channel) : '';
    this.send({ event: 'pusher:subscribe', data: { channel, auth } });
    return this.next('pusher_internal:subscription_succeeded');
  }

  async subscribePresence(channel: string, member: unknown): Promise<ReceivedFrame> {
    this.send({ event: 'pusher:subscribe', data: { channel, ...presenceAuth(this.socketId, channel, member) } });
    return this.next('pusher_internal:subscription_succeeded');
  }

  signIn(user: unknown): void {
    this.send({ event: 'pusher:signin', data: userAuth(this.socketId, user) });
  }

  async close(): Promise<void> {
    if (this.ws.readyState === WebSocket.CLOSED) return;
    const closed = new Promise((resolve) => this.ws.once('close', resolve));
    this.ws.close();
    const timer = setTimeout(() => this.ws.terminate(), 1000);
    await closed;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #failIfClosed(event: string | undefined): undefined {
    if (this.closed === null) return undefined;
    throw new Error(`closed with ${this.closed.code} '${this.closed.reason}' while waiting for ${event ?? 'a frame'}`);
  }
}
