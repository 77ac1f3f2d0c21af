import { utf8Bytes } from '@sluice/filter';
import { type Base, Bases, type TrackId } from './bases.ts';
import type { ChannelRules } from './channel-rules.ts';
import type { Decoders } from './decoders.ts';
import { type DeltaFrame, channelOf, dataOf, type FullFrame, type Members, membersOf, parse } from './frames.ts';
import { readBinaryDelta, readCacheSync, readDelta, readFullFrame } from './frames.ts';
import { LiveFilters } from './live-filters.ts';
import type { DeltaLimits } from './options.ts';
import { Resync } from './resync.ts';
import type { DeltaStats } from './stats.ts';
import { withChannelOptions } from './subscribe.ts';

/** What the connections of one installation have in common. */
export interface Shared {
  readonly decoders: Decoders;
  readonly rules: ChannelRules;
  readonly limits: DeltaLimits;
  readonly stats: DeltaStats;
  readonly onError: (error: Error) => void;
}

export interface SessionPorts {
  /** To the client library: a frame as a server without deltas sends it. */
  deliver(text: string): void;
  /** To the server. */
  send(text: string): void;
  /** Closes so that the client library connects again: deltas of a channel fail whatever is done. */
  reconnect(): void;
}

/** Said of the server's own algorithm until it says another. */
const DEFAULT_ALGORITHM = 'fossil';
/** Events that a server without deltas refuses, with their name in the error; the client library has not sent them. */
const OWN_EVENTS = /pusher:(?:enable_delta_compression|delta_sync_error)/;

/** One connection's deltas: what comes is made ordinary frames, what goes gets the options of its channels. No I/O. */
export class DeltaSession {
  readonly #shared: Shared;
  readonly #ports: SessionPorts;
  readonly #bases: Bases;
  /** The channels that the client library is subscribed to, or waits for. Only of these anything is kept. */
  readonly #channels = new Map<string, Resync>();
  readonly #filters: LiveFilters;
  readonly #unwatch: () => void;
  #algorithm: string = DEFAULT_ALGORITHM;

  constructor(shared: Shared, ports: SessionPorts) {
    this.#shared = shared;
    this.#ports = ports;
    this.#bases = new Bases(shared.limits);
    this.#filters = new LiveFilters(shared.rules, (text) => ports.send(text));
    this.#unwatch = shared.rules.watch(() => this.#filters.update());
  }

  /** The connection has ended. */
  close(): void {
    this.#unwatch();
  }

  /** Takes a frame of the server. */
  receive(text: string): void {
    const bytes = utf8Bytes(text);
    this.#shared.stats.bytesReceived += bytes;
    // All frames that matter here but the full ones; a user's text that contains it is parsed for nothing.
    if (text.includes('"pusher') && this.#control(text)) return;
    const full = readFullFrame(text);
    if (full === undefined) this.#deliver(text, bytes);
    else this.#full(full);
  }

  /** Takes a binary message of the server; false: it is no delta. */
  receiveBinary(bytes: Uint8Array): boolean {
    const frame = readBinaryDelta(bytes);
    if (frame === undefined) return false;
    this.#shared.stats.bytesReceived += bytes.length;
    this.#delta(frame.channel, frame);
    return true;
  }

  /** A frame of the client library, as it goes to the server. */
  outgoing(text: string): string {
    if (!text.includes('"pusher:')) return text;
    const frame = membersOf(parse(text));
    const { channel, filter, tags_filter: ownFilter = filter } = dataOf(frame);
    if (typeof channel !== 'string') return text;
    if (frame['event'] === 'pusher:unsubscribe') {
      this.#channels.delete(channel);
      this.#bases.forget(channel);
      this.#filters.ended(channel);
    }
    if (frame['event'] !== 'pusher:subscribe') return text;
    // The server begins anew as well, should there be bases of an earlier subscription.
    this.#bases.forget(channel);
    this.#channels.set(channel, new Resync());
    this.#filters.asked(channel, ownFilter);
    return withChannelOptions({
      text,
      frame,
      options: this.#shared.rules.of(channel),
      decoders: this.#shared.decoders,
    });
  }

  /** Whether the frame was one that the client library is not to see, or has been given in another form. */
  #control(text: string): boolean {
    const frame = membersOf(parse(text));
    const { channel } = frame;
    switch (frame['event']) {
      case 'pusher:connection_established':
        this.#enable();
        return false;
      case 'pusher:delta':
        if (typeof channel === 'string') this.#delta(channel, readDelta(channel, dataOf(frame)));
        return true;
      case 'pusher:delta_cache_sync':
        if (typeof channel === 'string') this.#cacheSync(channel, dataOf(frame));
        return true;
      case 'pusher:delta_compression_enabled': {
        const { algorithm } = dataOf(frame);
        if (typeof algorithm === 'string') this.#algorithm = algorithm;
        return true;
      }
      case 'pusher_internal:subscription_succeeded':
        if (typeof channel === 'string') this.#filters.confirmed(channel);
        return false;
      case 'pusher:filter_changed':
        return true;
      case 'pusher:error':
        return OWN_EVENTS.test(String(dataOf(frame)['message']));
      default:
        return false;
    }
  }

  /** Before the client library sees the connection: its subscriptions come behind this one message. */
  #enable(): void {
    const { algorithms } = this.#shared.decoders;
    if (algorithms.length === 0) return;
    this.#ports.send(JSON.stringify({ event: 'pusher:enable_delta_compression', data: { algorithms, binary: true } }));
  }

  #full({ text, seq, key }: FullFrame): void {
    const { stats } = this.#shared;
    const channel = channelOf(text);
    const resync = channel === undefined ? undefined : this.#channels.get(channel);
    if (channel === undefined || resync === undefined) return this.#deliver(text, utf8Bytes(text));
    const id = { channel, key };
    const base = { seq, bytes: new TextEncoder().encode(text) };
    resync.renewed(key);
    const isRepeated = resync.isRepetition(base, this.#bases.find(id, seq));
    this.#bases.add(id, base);
    if (isRepeated) {
      stats.duplicates++;
      return;
    }
    stats.fulls++;
    this.#deliver(text, base.bytes.length);
  }

  #delta(channel: string, frame: DeltaFrame | undefined): void {
    const resync = this.#channels.get(channel);
    // Sent before the server knew of the unsubscribe.
    if (resync === undefined) return;
    try {
      if (frame === undefined) throw new Error('malformed');
      const { base, text } = this.#decode(frame);
      this.#bases.add(frame, base);
      resync.decoded();
      this.#shared.stats.deltas++;
      this.#deliver(text, base.bytes.length);
    } catch (error) {
      this.#failed({ channel, frame, resync, error });
    }
  }

  #decode(frame: DeltaFrame): { readonly base: Base; readonly text: string } {
    const { decoders, limits } = this.#shared;
    const algorithm = frame.algorithm ?? this.#algorithm;
    const decode = decoders.get(algorithm);
    if (decode === undefined) throw new Error(`no decoder for ${algorithm}`);
    const base = this.#bases.find(frame, frame.base);
    if (base === undefined) throw new Error(`base ${frame.base ?? '(any)'} is not there`);
    const bytes = decode(base.bytes, frame.delta);
    if (bytes.length > limits.messageBytes) throw new Error(`makes ${bytes.length} bytes, more than allowed`);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // VCDIFF has no checksum; a wrong base gives a wrong text, which seldom is JSON still.
    const isText = algorithm === 'fossil' || parse(text) !== undefined;
    if (!isText || channelOf(text) !== frame.channel) throw new Error('gives no frame of the channel');
    return { base: { seq: frame.seq, bytes }, text };
  }

  #failed({ channel, frame, resync, error }: Failure): void {
    const { stats, onError, rules } = this.#shared;
    stats.failures++;
    const why = error instanceof Error ? error.message : String(error);
    const what =
      frame === undefined ? 'a delta' : `delta ${frame.seq}${frame.key === '' ? '' : ` of key ${frame.key}`}`;
    onError(new Error(`${what} on channel ${channel} could not be decoded: ${why}`, { cause: error }));
    switch (resync.failed(frame)) {
      case 'wait':
        return;
      case 'ask':
        stats.resyncs++;
        this.#ports.send(JSON.stringify({ event: 'pusher:delta_sync_error', data: { channel } }));
        return;
      case 'give up':
        rules.turnOffDeltas(channel);
        this.#ports.reconnect();
    }
  }

  /** History, so not for the client library; but what was lost may be among it. */
  #cacheSync(channel: string, data: Members): void {
    const resync = this.#channels.get(channel);
    if (resync === undefined) return;
    for (const { key, seq, content } of readCacheSync(data)) {
      const id: TrackId = { channel, key };
      const bytes = new TextEncoder().encode(content);
      this.#bases.add(id, { seq, bytes });
      if (resync.recovers(key, seq)) this.#deliver(content, bytes.length);
    }
    resync.renewed();
  }

  #deliver(text: string, bytes: number): void {
    const { stats } = this.#shared;
    stats.bytesDelivered += bytes;
    stats.messages++;
    this.#ports.deliver(text);
  }
}

interface Failure {
  readonly channel: string;
  readonly frame: DeltaFrame | undefined;
  readonly resync: Resync;
  readonly error: unknown;
}
