import { CLOSE } from '@sluice/protocol';
import type { ClientSocket } from './client-socket.ts';

export interface LivenessOptions {
  /** Silence of a client after which it is pinged. */
  readonly activityTimeoutMs: number;
  /** Silence after the ping after which it is closed with 4201. */
  readonly pongTimeoutMs: number;
}

/** How exact the timeouts are. */
const TICK_MS = 250;

/**
 * Finds dead clients with one timer for all of them: a wheel of slots, one looked at each tick. Hearing from a client
 * only notes the tick; a client in the slot that is due is put where its silence would next be too long. So a message costs one
 * store, and a connection one look per timeout.
 */
export class Liveness {
  readonly #activityTicks: number;
  readonly #pongTicks: number;
  readonly #slots: Set<ClientSocket>[];
  readonly #timer: NodeJS.Timeout;
  /** Ticks since the start. */
  now = 0;

  constructor({ activityTimeoutMs, pongTimeoutMs }: LivenessOptions) {
    this.#activityTicks = Math.max(1, Math.ceil(activityTimeoutMs / TICK_MS));
    this.#pongTicks = Math.max(1, Math.ceil(pongTimeoutMs / TICK_MS));
    const size = Math.max(this.#activityTicks, this.#pongTicks) + 1;
    this.#slots = Array.from({ length: size }, () => new Set());
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  watch(client: ClientSocket): void {
    client.heardAt = this.now;
    this.#place(client, this.#activityTicks);
  }

  unwatch(client: ClientSocket): void {
    this.#slots[client.slot]?.delete(client);
    client.slot = -1;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    this.now++;
    const slot = this.#slots[this.now % this.#slots.length];
    if (slot === undefined || slot.size === 0) return;
    const due = [...slot];
    slot.clear();
    for (const client of due) this.#look(client);
  }

  #look(client: ClientSocket): void {
    const silence = this.now - client.heardAt;
    const pinged = client.pingedAt > client.heardAt;
    if (!pinged && silence < this.#activityTicks) {
      this.#place(client, this.#activityTicks - silence);
    } else if (!pinged) {
      client.pingedAt = this.now;
      client.ws.ping();
      this.#place(client, this.#pongTicks);
    } else {
      client.slot = -1;
      client.close(CLOSE.pongTimeout);
    }
  }

  #place(client: ClientSocket, inTicks: number): void {
    client.slot = (this.now + inTicks) % this.#slots.length;
    this.#slots[client.slot]?.add(client);
  }
}
