/** What goes to the transport. */
export interface Parcel {
  readonly topic: string;
  readonly frame: Buffer;
}

export interface FlowOptions<T extends Parcel> {
  /** The next one, which counts as sent from then on; `undefined`: there is none now. */
  readonly next: () => T | undefined;
  readonly send: (topic: string, frame: Buffer, confirmed: () => void) => void;
  /** The transport has taken it over; told of each perhaps more than once, and of different topics in any order. */
  readonly confirmed: (parcel: T) => void;
}

/**
 * As much as the transport has not confirmed. More at once would fill the buffers of those who listen: Redis ends the connection of
 * one who has 32 MB waiting, and after an outage twice as much may go out. It is far more than live messages need on a round trip.
 */
const WINDOW_BYTES = 1024 * 1024;

/** Hands to the transport what it can take, in order, and the rest when it has confirmed that. */
export class Flow<T extends Parcel> {
  readonly #options: FlowOptions<T>;
  #inFlightBytes = 0;
  #isOpen = false;
  #isPumping = false;
  /** Connections so far: what an earlier one confirms late is not in flight in this one. */
  #connection = 0;

  constructor(options: FlowOptions<T>) {
    this.#options = options;
  }

  /** The transport is there, and nothing is in flight. */
  open(): void {
    this.#isOpen = true;
    this.#connection++;
    this.#inFlightBytes = 0;
    this.pump();
  }

  close(): void {
    this.#isOpen = false;
  }

  /** HOT: once per message that leaves this node. There may be something to send. */
  pump(): void {
    // A transport may confirm at once, from within.
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#isOpen && this.#inFlightBytes < WINDOW_BYTES) {
      const parcel = this.#options.next();
      if (parcel === undefined) break;
      this.#send(parcel);
    }
    this.#isPumping = false;
  }

  #send(parcel: T): void {
    const connection = this.#connection;
    const bytes = parcel.frame.length;
    this.#inFlightBytes += bytes;
    this.#options.send(parcel.topic, parcel.frame, () => {
      this.#options.confirmed(parcel);
      if (connection !== this.#connection) return;
      this.#inFlightBytes -= bytes;
      this.pump();
    });
  }
}
