import type { ChannelKind, CloseReason } from '@sluice/protocol';
import type {
  AppCounters,
  Backbone,
  Clock,
  ConnectionErrorType,
  Deliver,
  Frame,
  Framer,
  Metrics,
  Transport,
} from '../src/ports/index.ts';
import { emptyCounters, emptyDeltaCounters } from '../src/ports/index.ts';
import { Pipe } from './pipe.ts';

/** A frame whose wire form is just its text. */
export class TextFrame implements Frame {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  get payload(): Uint8Array {
    return Buffer.from(this.text);
  }
}

/** Reads, as a text, one character a byte. No text of a message begins like one. */
export class BinaryFrame implements Frame {
  readonly payload: Uint8Array;

  constructor(payload: Uint8Array) {
    this.payload = payload;
  }

  get text(): string {
    return Buffer.from(this.payload).toString('latin1');
  }
}

export class FakeFramer implements Framer {
  made = 0;
  readonly #afterFlush: (() => void)[] = [];

  frame(text: string): TextFrame {
    this.made++;
    return new TextFrame(text);
  }

  frameBytes(payload: Uint8Array): TextFrame {
    return this.frame(Buffer.from(payload).toString());
  }

  binaryFrame(payload: Uint8Array): BinaryFrame {
    this.made++;
    return new BinaryFrame(payload);
  }

  afterFlush(done: () => void): void {
    this.#afterFlush.push(done);
  }

  flush(): void {
    for (const done of this.#afterFlush.splice(0)) done();
  }
}

/** Records in order what a client would get. */
export class FakeTransport implements Transport {
  readonly frames: Frame[] = [];
  readonly texts: string[] = [];
  closed: CloseReason | null = null;
  slow = false;
  /** Frames are dropped instead. */
  dropping = false;

  send(frame: Frame): boolean {
    if (this.dropping) return false;
    this.frames.push(frame);
    this.texts.push(frame instanceof BinaryFrame ? frame.text : Buffer.from(frame.payload).toString());
    return true;
  }

  close(reason: CloseReason): void {
    this.closed ??= reason;
  }
}

export class FakeClock implements Clock {
  #nowMs = 1_700_000_000_000;
  #monotonicMs = 0;

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    this.#monotonicMs += ms;
  }
}

export class FakeMetrics implements Metrics {
  readonly apps = new Map<string, AppCounters>();
  readonly deltas = emptyDeltaCounters();
  readonly broadcasts: { readonly kind: ChannelKind; readonly recipients: number; readonly seconds: number }[] = [];

  app(appId: string): AppCounters {
    let counters = this.apps.get(appId);
    if (counters === undefined) {
      counters = emptyCounters();
      this.apps.set(appId, counters);
    }
    return counters;
  }

  addressChecked(): void {}

  connectionError(_appId: string | null, _type: ConnectionErrorType): void {}

  closed(_code: number): void {}

  broadcast(kind: ChannelKind, recipients: number, seconds: number): void {
    this.broadcasts.push({ kind, recipients, seconds });
  }
}

/** One worker's end of a backbone in this process. */
export class FakeBackbone implements Backbone {
  readonly topics = new Set<string>();
  readonly published: { readonly topic: string; readonly message: Uint8Array }[] = [];
  readonly left: string[] = [];
  /** Joins and leaves on their way; while it is held nobody is told `joined`, nor gets a message. */
  readonly control = new Pipe();
  readonly inbox = new Pipe();
  hasPeers = true;
  deliver: Deliver = () => {};
  readonly #all: readonly FakeBackbone[];

  /** `all`: every end, this one included; filled by the caller. */
  constructor(all: readonly FakeBackbone[]) {
    this.#all = all;
  }

  join(topic: string, joined: () => void): void {
    this.control.push(() => {
      this.topics.add(topic);
      joined();
    });
  }

  leave(topic: string): void {
    this.left.push(topic);
    this.control.push(() => this.topics.delete(topic));
  }

  publish(topic: string, message: Uint8Array): void {
    this.published.push({ topic, message });
    for (const other of this.#all) {
      if (other !== this && other.topics.has(topic)) other.inbox.push(() => other.deliver(message));
    }
  }

  takenUp(): undefined {
    return undefined;
  }
}
