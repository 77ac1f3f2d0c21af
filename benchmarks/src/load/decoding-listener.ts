import { createHash, type Hash } from 'node:crypto';

import * as vcdiff from '@ably/vcdiff-decoder';
import { readBinaryDelta, type ReadDelta } from '@sluice/delta/testing';
import { applyDelta } from 'fossil-delta';

import { CountingListener } from './counting-listener.ts';

/** The marks of a full frame, which clients cut out. */
const MARKS = /,"__delta_seq":\d+(?:,"__conflation_key":"[^"]*")?\}$/;
/** As many as Sockudo's clients keep. */
const MAX_BASES = 30;

interface DeltaData {
  readonly delta: string;
  readonly seq: number;
  readonly base_index: number;
  readonly algorithm: string;
  readonly conflation_key?: string;
}

interface FullFrame {
  readonly __delta_seq?: number;
  readonly __conflation_key?: string;
}

/** Keeps what comes, and afterwards decodes it with the published decoders, so that this takes no time of the measured phase. */
export class DecodingListener extends CountingListener {
  #frames: Buffer[] = [];
  /** Texts by number, of each conflation key. */
  readonly #bases = new Map<string, Map<number, Buffer>>();

  override message(bytes: Buffer, start: number, end: number): void {
    super.message(bytes, start, end);
    this.#frames.push(Buffer.from(bytes.subarray(start, end)));
  }

  /** A digest of all texts since the last call, in order; `undefined` if there were none. Throws where a delta fits no base. */
  digest(): string | undefined {
    const frames = this.#frames;
    this.#frames = [];
    if (frames.length === 0) return undefined;
    const hash: Hash = createHash('sha256');
    for (const frame of frames) hash.update(this.#textOf(frame)).update('\n');
    return hash.digest('hex');
  }

  #textOf(frame: Buffer): Buffer {
    if (frame[0] === 1 || frame[0] === 2) return this.#apply(readBinaryDelta(frame));
    const message = JSON.parse(frame.toString()) as { readonly event: string; readonly data: DeltaData } & FullFrame;
    if (message.event !== 'pusher:delta') {
      const { __delta_seq: sequence, __conflation_key: key = '' } = message;
      if (sequence === undefined) return frame;
      return this.#keep(key, sequence, Buffer.from(frame.toString().replace(MARKS, '}')));
    }
    const { delta, seq, base_index: base, algorithm, conflation_key: key = '' } = message.data;
    return this.#apply({ patch: Buffer.from(delta, 'base64'), sequence: seq, base, algorithm, key });
  }

  #apply({ patch, sequence, base: number, algorithm, key }: ReadDelta): Buffer {
    const base = this.#bases.get(key)?.get(number);
    if (base === undefined) throw new Error(`a delta of key "${key}" for base ${number}, which was never sent`);
    const text = algorithm === 'fossil' ? applyDelta(base, patch) : vcdiff.decode(patch, base);
    return this.#keep(key, sequence, Buffer.from(text));
  }

  #keep(key: string, sequence: number, text: Buffer): Buffer {
    const bases = this.#bases.get(key) ?? new Map<number, Buffer>();
    this.#bases.set(key, bases.set(sequence, text));
    for (const oldest of bases.keys()) {
      if (bases.size <= MAX_BASES) break;
      bases.delete(oldest);
    }
    return text;
  }
}
