// HOT: send runs once per delivery, flush once per write; no allocation, closure, await or log call in either.
import type { Socket } from 'node:net';
import type { AppCounters, Connection, Frame, Transport } from '@sluice/core';
import { CLOSE, type CloseReason, MAX_PROTOCOL } from '@sluice/protocol';
import type { WebSocket } from 'ws';
import { Batch } from './batch.ts';
import { closeError } from './close-error.ts';
import type { Deflation } from './deflate-offer.ts';
import { MessageFrame } from './frame.ts';
import type { Outbox } from './outbox.ts';
import { rawSocketOf } from './raw-socket.ts';
import { SendPath } from './send-path.ts';

/** Bounds on what may wait for one client. */
export interface BackpressureLimits {
  /** Frames in the queue; null: no bound by number. */
  readonly maxMessages: number | null;
  /** Bytes in the queue; null: no bound by size. */
  readonly maxBytes: number | null;
  /** At the bound: true closes the client with 4100, false drops what does not fit. */
  readonly disconnectOnBufferFull: boolean;
  /** Bytes given to the socket and not yet taken by the kernel before the queue begins. */
  readonly maxBackpressureBytes: number;
}

/** Who a client belongs to. */
export interface ClientOwner {
  readonly outbox: Outbox;
  readonly limits: BackpressureLimits;
  /** A message came in. */
  received(client: ClientSocket, data: Buffer, kind: 'text' | 'binary'): void;
  /** Anything at all came in. */
  heard(client: ClientSocket): void;
  /** The client read too slowly, and does so no more. */
  drained(client: ClientSocket): void;
  /** The client is closed by us, or has gone by itself; called once. */
  gone(client: ClientSocket): void;
  /** The socket is closed, with the code that the client gave; 1006 for none. Comes after `gone`. */
  closed(client: ClientSocket, code: number): void;
}

/**
 * One client between core and kernel. What it is sent gathers in a batch that the outbox writes once a round. A
 * client that reads too slowly is not written any more until the kernel has taken what it was given; meanwhile its batch is
 * the queue, and at the queue's bound the policy acts. So a slow reader costs bounded memory, and only its own.
 */
export class ClientSocket implements Transport {
  readonly ws: WebSocket;
  readonly owner: ClientOwner;
  readonly #raw: Socket | null;
  /** Only where there is no `#raw`. */
  readonly #sends: SendPath | null;
  /** Whether it gets messages as they were compressed once for all. */
  readonly #deflates: boolean;
  /** Bytes of a batch from which on it is in a hurry, one way or the other. */
  readonly #hurryBytes: number;
  #batch: Batch | null = null;
  #blocked = false;
  #gone = false;
  /** Pusher protocol version that the client speaks, as its handshake says. */
  protocol: number = MAX_PROTOCOL;
  /** Set once the handshake is accepted. */
  connection: Connection | null = null;
  counters: AppCounters | null = null;
  /** Ticks of the liveness wheel: when the client was last heard, where it is looked at next. */
  heardAt = 0;
  slot = -1;

  /** The code we closed with; null while open or when the client closed first. */
  closeCode: number | null = null;

  constructor(ws: WebSocket, owner: ClientOwner, deflation: Deflation = 'none') {
    this.ws = ws;
    this.owner = owner;
    this.#raw = rawSocketOf(ws, deflation);
    this.#sends = this.#raw === null ? new SendPath(ws) : null;
    this.#deflates = this.#raw !== null && ws.extensions !== '';
    this.#hurryBytes = Math.min(owner.limits.maxBackpressureBytes, owner.outbox.hurryBytes);
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** Bytes that wait in this process, for the gauge. */
  get queuedBytes(): number {
    return (this.#batch?.byteLength ?? 0) + this.ws.bufferedAmount;
  }

  get slow(): boolean {
    return this.#blocked;
  }

  send(frame: Frame): boolean {
    if (this.#gone || !(frame instanceof MessageFrame)) return false;
    const variant = this.#deflates ? frame.deflated : frame;
    if (this.#blocked) return this.#queue(variant);
    const batch = this.#batch;
    if (batch === null) {
      this.#begin(this.owner.outbox.root.append(variant));
      return true;
    }
    const next = batch.append(variant);
    this.#batch = next;
    if (next.byteLength >= this.#hurryBytes) this.#hurry(next);
    return true;
  }

  #begin(batch: Batch): void {
    this.#batch = batch;
    this.owner.outbox.add(this);
    if (batch.byteLength >= this.#hurryBytes) this.#hurry(batch);
  }

  /** More than the socket may hold is written now; only a batch of one frame waits for the end of the turn all the same. */
  #hurry(batch: Batch): void {
    if (batch.byteLength > this.owner.limits.maxBackpressureBytes && batch.count > 1) this.flush();
    else this.owner.outbox.hurry();
  }

  /** What a slow client waits for has a root of its own: in the shared tree it would keep the frames of others alive. */
  #queue(frame: MessageFrame): boolean {
    const batch = this.#batch ?? Batch.root();
    if (!this.#isFull(batch, frame)) {
      this.#batch = batch.append(frame);
      return true;
    }
    if (this.owner.limits.disconnectOnBufferFull) {
      this.#countDropped(batch.count + 1);
      this.#batch = null;
      // Without the error that old clients expect: nothing can be written.
      this.#end(CLOSE.slowConsumer);
    } else {
      this.#countDropped(1);
    }
    return false;
  }

  #countDropped(messages: number): void {
    if (this.counters !== null) this.counters.messagesDropped += messages;
  }

  /** Writes the batch, all of it at once. */
  flush(): void {
    const batch = this.#batch;
    if (batch === null || this.#blocked || this.#gone) return;
    if (!this.#isOpen) {
      this.#batch = null;
      return;
    }
    const drains = this.#write(batch);
    if (!drains && this.#isBelowLimit()) return;
    if (this.ws.bufferedAmount > this.owner.limits.maxBackpressureBytes) this.#block(drains);
  }

  /** Of a socket below its own mark, without a look at what it holds: ws goes through four objects for that. */
  #isBelowLimit(): boolean {
    return this.#raw !== null && this.#raw.writableHighWaterMark <= this.owner.limits.maxBackpressureBytes;
  }

  /** False from the close frame of either side on: ws may have ended the socket, long before it says `close`. */
  get #isOpen(): boolean {
    return this.ws.readyState === this.ws.OPEN;
  }

  /** Whether the socket will say when it is empty again. Only while the WebSocket is open. */
  #write(batch: Batch): boolean {
    this.#batch = null;
    if (this.counters !== null) {
      this.counters.messagesSent += batch.count;
      this.counters.bytesSent += batch.byteLength;
    }
    if (this.#raw !== null) return !this.#raw.write(batch.bytes());
    this.#sends?.write(batch);
    return false;
  }

  /** The client still gets what was sent before, also one that reads slowly: its queue is bounded. */
  close(reason: CloseReason): void {
    if (this.#gone) return;
    if (this.#isOpen) this.#writeLast(reason);
    this.#end(reason);
  }

  #writeLast(reason: CloseReason): void {
    const error = closeError(this.protocol, reason);
    const batch = error === null ? this.#batch : (this.#batch ?? Batch.root()).append(error);
    if (batch !== null) this.#write(batch);
  }

  /** Ends the client's part in everything; called for a close from either side, acts once. */
  leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#batch = null;
    this.owner.gone(this);
  }

  #isFull(batch: Batch, frame: MessageFrame): boolean {
    const { maxMessages, maxBytes } = this.owner.limits;
    if (maxMessages !== null && batch.count >= maxMessages) return true;
    return maxBytes !== null && batch.byteLength + frame.bytes.length > maxBytes;
  }

  #end(reason: CloseReason): void {
    this.closeCode = reason.code;
    this.ws.close(reason.code, reason.reason);
    this.leave();
  }

  /** `drains`: the socket will say that it is empty. Below its own mark, which may be above our limit, it does not. */
  #block(drains: boolean): void {
    this.#blocked = true;
    const unblock = (): void => {
      this.#blocked = false;
      if (this.#batch !== null) this.#begin(this.#batch);
      this.owner.drained(this);
    };
    if (this.#raw === null) this.#sends?.whenTaken(unblock);
    else if (drains) this.#raw.once('drain', unblock);
    // Writes end in order: this one when all before it has been taken.
    else this.#raw.write(NOTHING, unblock);
  }
}

const NOTHING = Buffer.alloc(0);
