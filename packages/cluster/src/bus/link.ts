import { nextTick } from 'node:process';
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

  settle(id: number, answer: unknown): void {
    const answered = this.#waiting.get(id);
    this.#waiting.delete(id);
    answered?.(answer);
  }
}

/** What a link does with what comes in, beside answers. */
export interface LinkHandler<Incoming> {
  onMessage(message: Incoming): void;
  onTopicMessage(topic: string, message: Buffer, frame: Buffer): void;
  onClose(error: Error | undefined): void;
  /** More waits than may; the other end does not read. Called once, and nothing more is written. */
  onOverflow(): void;
}

export interface LinkOptions<Incoming> {
  readonly stream: Duplex;
  /** The most that may wait for the other end. */
  readonly maxQueuedBytes: number;
  readonly handler: LinkHandler<Incoming>;
}

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
  readonly #maxQueuedBytes: number;
  readonly #onOverflow: () => void;
  #corked = false;
  #closed = false;

  constructor({ stream, maxQueuedBytes, handler }: LinkOptions<Incoming>) {
    this.#stream = stream;
    this.#maxQueuedBytes = maxQueuedBytes;
    this.#onOverflow = () => handler.onOverflow();
    const reader = new FrameReader({
      // Both ends are this program in the same version, so that what arrives has the type that was sent.
      onControl: (message) => {
        if (isAnswer(message)) this.#questions.settle(message.id, message.answer);
        else handler.onMessage(message as Incoming);
      },
      onTopicMessage: (topic, message, frame) => handler.onTopicMessage(topic, message, frame),
    });
    let failure: Error | undefined;
    stream.on('data', (chunk: Buffer) => {
      try {
        reader.read(chunk);
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
        stream.destroy();
      }
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
  ask<Question extends { readonly type: string }>(question: Question, answered: (answer: unknown) => void): void {
    this.write(encodeControl({ type: 'ask', id: this.#questions.add(answered), question }));
  }

  answer(id: number, answer: unknown): void {
    this.write(encodeControl({ type: 'answer', id, answer } satisfies AnswerMessage));
  }

  /** Frames of one turn of the event loop leave in one write. */
  write(frame: Buffer): void {
    if (this.#closed) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#stream.cork();
      // Before the sockets are written (Outbox, setImmediate): what clients are told, the primary was told first.
      nextTick(this.#uncork);
    }
    this.#stream.write(frame);
    if (this.#stream.writableLength <= this.#maxQueuedBytes) return;
    this.#closed = true;
    this.#onOverflow();
  }

  /** Ends the link once everything written has left. What is written from now on is dropped. */
  end(): void {
    this.#closed = true;
    this.#stream.end();
  }

  readonly #uncork = (): void => {
    this.#corked = false;
    this.#stream.uncork();
  };
}

function isAnswer(message: unknown): message is AnswerMessage {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'answer';
}
