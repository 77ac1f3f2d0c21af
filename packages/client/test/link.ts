import { DeltaSession } from '../src/delta-session.ts';
import type { DeltaOptions } from '../src/options.ts';
import { shared } from '../src/shared.ts';
import { fossilDelta, vcdiffDelta } from './encoders.ts';

export interface DeltaParts {
  readonly base: string;
  readonly target: string;
  readonly seq: number;
  readonly baseSeq: number;
  readonly key?: string;
  readonly channel?: string;
  readonly algorithm?: 'fossil' | 'xdelta3';
}

/** A session between a library and a server that the test plays: what reached each of them. */
export class Link {
  readonly toLibrary: string[] = [];
  readonly toServer: unknown[] = [];
  readonly errors: readonly string[];
  readonly session: DeltaSession;
  readonly stats;
  readonly rules;
  reconnects = 0;

  private constructor(options: DeltaOptions, errors: readonly string[]) {
    const common = shared(options);
    this.errors = errors;
    this.stats = common.stats;
    this.rules = common.rules;
    this.session = new DeltaSession(common, {
      deliver: (text) => this.toLibrary.push(text),
      send: (text) => this.toServer.push(JSON.parse(text)),
      reconnect: () => void this.reconnects++,
    });
  }

  static async open(options: DeltaOptions = {}): Promise<Link> {
    const errors: string[] = [];
    const given = { ...options, onError: (error: Error) => void errors.push(error.message) };
    await shared(given).decoders.load();
    return new Link(given, errors);
  }

  subscribe(channel: string): void {
    this.toServer.push(
      JSON.parse(this.session.outgoing(JSON.stringify({ event: 'pusher:subscribe', data: { channel } }))),
    );
  }

  /** Texts, and binary messages; all of these have to be deltas. */
  receive(...messages: readonly (string | Uint8Array)[]): void {
    for (const message of messages) {
      if (typeof message === 'string') this.session.receive(message);
      else if (!this.session.receiveBinary(message)) throw new Error('a binary message that is no delta');
    }
  }

  /** What came since the last call. */
  delivered(): string[] {
    return this.toLibrary.splice(0);
  }

  sent(): unknown[] {
    return this.toServer.splice(0);
  }
}

/** A frame without deltas. */
export function plain(price: string, { channel = 'market-data', event = 'price-update' } = {}): string {
  return JSON.stringify({ event, channel, data: JSON.stringify({ asset: 'BTC', price }) });
}

/** The same as a base. */
export function full(text: string, seq: number, key?: string): string {
  const mark = key === undefined ? '' : `,"__conflation_key":${JSON.stringify(key)}`;
  return `${text.slice(0, -1)},"__delta_seq":${seq}${mark}}`;
}

export function delta({
  base,
  target,
  seq,
  baseSeq,
  key,
  channel = 'market-data',
  algorithm = 'fossil',
}: DeltaParts): string {
  const bytes = algorithm === 'fossil' ? fossilDelta(base, target) : vcdiffDelta(base, target);
  const { event } = JSON.parse(target) as { readonly event: string };
  const data = {
    event,
    delta: bytes,
    seq,
    algorithm,
    ...(key !== undefined && { conflation_key: key }),
    base_index: baseSeq,
  };
  return JSON.stringify({ event: 'pusher:delta', channel, data });
}

/** The same in bytes. */
export function binaryDelta({
  base,
  target,
  seq,
  baseSeq,
  key = '',
  channel = 'market-data',
  algorithm,
}: DeltaParts): Buffer {
  const isVcdiff = algorithm === 'xdelta3';
  const head = Buffer.alloc(17);
  head.writeUInt8(isVcdiff ? 2 : 1);
  head.writeUInt16BE(channel.length, 1);
  head.writeUInt16BE(Buffer.byteLength(key), 3);
  head.writeUIntBE(seq, 5, 6);
  head.writeUIntBE(baseSeq, 11, 6);
  const patch = Buffer.from(isVcdiff ? vcdiffDelta(base, target) : fossilDelta(base, target), 'base64');
  return Buffer.concat([head, Buffer.from(channel + key), patch]);
}
