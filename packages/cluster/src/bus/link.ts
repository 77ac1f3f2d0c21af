import type { Duplex } from 'node:stream';
import { encodeControl, FrameReader } from './frames.ts';

/** Questions under way, by number. An answer is handed over while its frame is read, before any later frame. */
class Questions {
  readonly #waiting = new Map<number, (answer: unknown) => void>();
  #lastId = 0;

  add(answered: (answer: unknown) => void): number {
    const id = ++this.#lastId;
    this.#waiting.set(id, answered);
    return id;
  }

  forget(id: number): void {
    this.#waiting.delete(id);
  }

  settle(id: number, answer: unknown): void {
    const answered = this.#waiting.get(id);
    this.#waiting.delete(id);
    answered?.(answer);
  }
}

/** A question under way. */
export interface Asked {
  /** An answer that still comes is dropped. */
  forget(): void;
}

/** What a link does with what comes in, beside answers. */
export interface LinkHandler<Incoming> {
  onMessage(message: Incoming): void;
  onTopicMessage(frame: Buffer): void;
  /** What had come by now has been handed over. */
  onRead?(): void;
  onClose(error: Error | undefined): void;
  /** The other end is stuck. Called once, and nothing more is written. */
  onStuck(): void;
}

/**
 * When the other end counts as stuck. Much may wait for one that reads, a burst of long answers for one; but not for one that
 * does not, and not without end.
 */
export interface LinkBounds {
  /** From here on the other end has to take something in every `stallMs`. */
  readonly watchAboveBytes: number;
  readonly stallMs: number;
  /** The most that may wait at all. */
  readonly maxQueuedBytes: number;
}

export interface LinkOptions<Incoming> {
  readonly stream: Duplex;
  readonly bounds: LinkBounds;
  readonly handler: LinkHandler<Incoming>;
}

/** More is not held until the end of a turn: only a whole write is known to be taken in, and then counts as progress. */
const MAX_HELD_BYTES = 1024 * 1024;

/** Asked and answered the same way in both directions. */
interface AnswerMessage {
  readonly type: 'answer';
  readonly id: number;
  readonly answer: unknown;
}

/** One end of the local bus: control messages, questions with answers, and topic messages, all in one order. */
export class Link<Outgoing extends { readonly type: string }, Incoming extends { readonly type: string }> {
  readonly #stream: Duplex;
  readonly #questions = new Questions();
  readonly #bounds: LinkBounds;
  readonly #onStuck: () => void;
  #written = 0;
  #isWatching = false;
  #corked = false;
  #closed = false;
  #heldBytes = 0;
  #growing: (() => Outgoing) | null = null;
  #beforeFlush: (() => void)[] = [];
  #isGrowingDue = false;
  #growingTimer: NodeJS.Timeout | null = null;

  constructor({ stream, bounds, handler }: LinkOptions<Incoming>) {
    this.#stream = stream;
    this.#bounds = bounds;
    this.#onStuck = () => handler.onStuck();
    const reader = new FrameReader({
      // Both ends are this program in the same version, so that what arrives has the type that was sent.
      onControl: (message) => {
        if (isAnswer(message)) this.#questions.settle(message.id, message.answer);
        else handler.onMessage(message as Incoming);
      },
      onTopicMessage: (frame) => handler.onTopicMessage(frame),
    });
    let failure: Error | undefined;
    stream.on('data', (chunk: Buffer) => {
      try {
        reader.read(chunk);
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
        stream.destroy();
      }
      handler.onRead?.();
    });
    stream.on('error', (error) => {
      failure = error;
    });
    stream.on('close', () => {
      this.#closed = true;
      handler.onClose(failure);
    });
  }

  /** Bytes that the other end has not taken yet. */
  get queuedBytes(): number {
    return this.#stream.writableLength;
  }

  tell(message: Outgoing): void {
    this.write(encodeControl(message));
  }

  /** `answered` is called while the answer's frame is read, so that nothing sent after it is seen before. */
  ask<Question extends { readonly type: string }>(question: Question, answered: (answer: unknown) => void): Asked {
    const id = this.#questions.add(answered);
    this.write(encodeControl({ type: 'ask', id, question }));
    return { forget: () => this.#questions.forget(id) };
  }

  /** Makes the message as late as its place in the order allows: when anything else is written, or within `delayMs`. */
  tellLate(message: () => Outgoing, delayMs: number): void {
    this.#writeGrown();
    this.#growing = message;
    // One at a time: where it was set for a message that has left since, this one leaves a little earlier.
    if (this.#growingTimer === null) this.#growingTimer = setTimeout(this.#endGrowing, delayMs);
  }

  /** What is told late leaves with what is written in this turn. */
  tellSoon(): void {
    this.#isGrowingDue = true;
    this.#hold();
  }

  /** Calls back when what was written in this turn is about to leave: what is written then leaves with it, behind all else. */
  beforeFlush(write: () => void): void {
    this.#beforeFlush.push(write);
    this.#hold();
  }

  answer(id: number, answer: unknown): void {
    this.write(encodeControl({ type: 'answer', id, answer } satisfies AnswerMessage));
  }

  /** Frames of one turn of the event loop leave in one write, at its end or with {@link flush}. */
  write(frame: Buffer): void {
    if (this.#closed) return;
    this.#writeGrown();
    this.#hold();
    this.#stream.write(frame);
    this.#written += frame.length;
    this.#heldBytes += frame.length;
    if (this.#heldBytes > MAX_HELD_BYTES) this.flush();
    const queued = this.#stream.writableLength;
    if (queued > this.#bounds.maxQueuedBytes) this.#giveUp();
    else if (queued > this.#bounds.watchAboveBytes && !this.#isWatching) this.#expectProgress();
  }

  /** What was written so far leaves now. */
  flush(): void {
    if (this.#isGrowingDue) this.#writeGrown();
    if (!this.#corked) return;
    const last = this.#beforeFlush;
    this.#beforeFlush = [];
    for (const write of last) write();
    this.#heldBytes = 0;
    this.#corked = false;
    this.#stream.uncork();
  }

  #hold(): void {
    if (this.#corked || this.#closed) return;
    this.#corked = true;
    this.#stream.cork();
    setImmediate(this.#flushAtEnd);
  }

  #writeGrown(): void {
    const message = this.#growing;
    this.#growing = null;
    this.#isGrowingDue = false;
    if (message !== null) this.tell(message());
  }

  readonly #endGrowing = (): void => {
    this.#growingTimer = null;
    this.#writeGrown();
  };

  /** Looks again after a while whether the other end has taken anything in. */
  #expectProgress(): void {
    this.#isWatching = true;
    const takenIn = this.#written - this.#stream.writableLength;
    const look = (): void => {
      this.#isWatching = false;
      const queued = this.#stream.writableLength;
      if (this.#closed || queued <= this.#bounds.watchAboveBytes) return;
      if (this.#written - queued === takenIn) this.#giveUp();
      else this.#expectProgress();
    };
    setTimeout(look, this.#bounds.stallMs).unref();
  }

  #giveUp(): void {
    this.#closed = true;
    this.#onStuck();
  }

  /** Ends the link once everything written has left. What is written from now on is dropped. */
  end(): void {
    this.#writeGrown();
    this.#closed = true;
    this.#stream.end();
  }

  readonly #flushAtEnd = (): void => this.flush();
}

function isAnswer(message: unknown): message is AnswerMessage {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'answer';
}
