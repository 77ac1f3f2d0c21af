// HOT: append runs once per delivery, everything else once per distinct sequence of frames.
import type { MessageFrame } from './frame.ts';

/**
 * What waits for a socket, as a node of a tree shared by all sockets:
 *
 *     root ── A ── A,B ── A,B,C      a socket holds one pointer
 *          └─ B                      sockets given the same frames in the same order hold the same node
 *
 * A node joins its frames into one buffer when the first of its sockets is written; the others reuse it.
 * The kernel write is the cost of a delivery and hardly depends on its size, so the number of writes is what counts.
 */
export class Batch {
  readonly #parent: Batch | null;
  readonly #frame: MessageFrame | null;
  /** Frames from the root to here. */
  readonly count: number;
  /** Bytes on the wire from the root to here. */
  readonly byteLength: number;
  #joined: Buffer | null = null;
  // Nearly every node is continued by one frame, so the last continuation is looked at before the map.
  #lastFrame: MessageFrame | null = null;
  #lastNext: Batch | null = null;
  #others: Map<MessageFrame, Batch> | null = null;

  private constructor(parent: Batch | null, frame: MessageFrame | null) {
    this.#parent = parent;
    this.#frame = frame;
    this.count = parent === null ? 0 : parent.count + 1;
    this.byteLength = parent === null || frame === null ? 0 : parent.byteLength + frame.bytes.length;
  }

  static root(): Batch {
    return new Batch(null, null);
  }

  append(frame: MessageFrame): Batch {
    if (this.#lastFrame === frame && this.#lastNext !== null) return this.#lastNext;
    return this.#appendOther(frame);
  }

  #appendOther(frame: MessageFrame): Batch {
    if (this.#lastFrame !== null && this.#lastNext !== null) {
      this.#others ??= new Map();
      this.#others.set(this.#lastFrame, this.#lastNext);
    }
    const next = this.#others?.get(frame) ?? new Batch(this, frame);
    this.#lastFrame = frame;
    this.#lastNext = next;
    return next;
  }

  /** All frames in one buffer. */
  bytes(): Buffer {
    if (this.#joined !== null) return this.#joined;
    const frames = this.frames();
    const [first] = frames;
    this.#joined =
      frames.length === 1 && first !== undefined
        ? first.bytes
        : Buffer.concat(
            frames.map((f) => f.bytes),
            this.byteLength,
          );
    return this.#joined;
  }

  /** The frames one by one, oldest first. */
  frames(): MessageFrame[] {
    const frames: MessageFrame[] = [];
    for (let node: Batch | null = this; node !== null && node.#frame !== null; node = node.#parent)
      frames.push(node.#frame);
    return frames.reverse();
  }
}
