import { Histogram } from '../histogram.ts';

/** What all subscribers of one process have seen since the last reset. */
export class Tally {
  deliveries = 0;
  /** All that was read from the sockets, frame headers included. */
  bytes = 0;
  /** Numbers that were jumped over. */
  skipped = 0;
  /** Numbers that came again, or after a later one. */
  repeated = 0;
  /** Frames after the subscription that are no messages of ours. */
  foreign = 0;
  /** When the last read was made, of whichever socket. */
  nowMicros = 0;
  lastAtMicros = 0;
  readonly latency = new Histogram();
  /** Connections that ended although nobody here ended them, by reason. */
  readonly ended = new Map<string, number>();
  /** Where in a frame's payload the data begins: learnt from the first message, as key order is the server's affair. */
  dataOffset = 0;
  /** Payload length of a message; 0 until one has come. All messages have the same. */
  payloadBytes = 0;

  reset(): void {
    this.deliveries = 0;
    this.bytes = 0;
    this.skipped = 0;
    this.repeated = 0;
    this.foreign = 0;
    this.lastAtMicros = 0;
    this.latency.reset();
    this.ended.clear();
  }

  connectionEnded(reason: string): void {
    this.ended.set(reason, (this.ended.get(reason) ?? 0) + 1);
  }
}
