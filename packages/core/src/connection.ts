import type { Algorithm, DeltaForm } from '@sluice/delta';
import { type ProtocolError, serverMessages, type SocketId, type UserData } from '@sluice/protocol';
import type { AppSpace } from './app-space.ts';
import type { LatestByKey } from './latest-by-key.ts';
import type { Framer, Transport } from './ports/index.ts';
import { RateWindow } from './rate-window.ts';
import type { Subscription } from './subscription.ts';

export interface ConnectionOptions {
  readonly id: SocketId;
  readonly space: AppSpace;
  readonly transport: Transport;
  readonly framer: Framer;
  /** Slots that were acquired for it. */
  readonly slots: readonly string[];
}

const NONE: readonly Algorithm[] = [];

/** One client from its handshake to its close. It knows its own channels, so that leaving costs only those. */
export class Connection {
  readonly id: SocketId;
  readonly space: AppSpace;
  readonly transport: Transport;
  readonly #framer: Framer;
  /** By channel name. */
  readonly subscriptions = new Map<string, Subscription>();
  /** Pending subscriptions without presence, in the order they were asked for. */
  readonly confirmations: Subscription[] = [];
  readonly clientEvents = new RateWindow(1000);
  /** Set by a successful sign-in; never changes to another user. */
  user: UserData | null = null;
  /** Signed in, or once allowed to join a private or presence channel. */
  authorised = false;
  /** Names of the slots that it gives back when it ends. */
  readonly slots: string[];
  /** Users whose coming and going the client wants to hear of. */
  watched: readonly string[] = [];
  /** Whether the client was told who of them is online; changes are told only after that. */
  knowsWatched = false;
  open = true;
  /** What the client can decode, by `pusher:enable_delta_compression`; empty until it sends one. */
  offered: readonly Algorithm[] = NONE;
  /** In which it takes them. */
  deltaForm: DeltaForm = 'json';
  /** What the client was last told that its deltas are made with. */
  toldAlgorithm: Algorithm | null = null;
  /** Subscriptions that take deltas. */
  deltas = 0;
  /** What waits until the client reads again; null until the first time that it is too slow. */
  latest: LatestByKey | null = null;

  constructor(options: ConnectionOptions) {
    this.id = options.id;
    this.space = options.space;
    this.transport = options.transport;
    this.#framer = options.framer;
    this.slots = [...options.slots];
  }

  send(text: string): void {
    this.transport.send(this.#framer.frame(text));
  }

  sendError(error: ProtocolError): void {
    this.send(serverMessages.errorMessage(error));
  }
}
