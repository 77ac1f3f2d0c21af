// HOT: heard runs once per message and stores one number; everything else once per client and timeout.
import { CLOSE, type CloseReason } from '@sluice/protocol';
import type { ClientSocket } from './client-socket.ts';

export interface LivenessOptions {
  /** Silence of a client after which it is pinged. */
  readonly activityTimeoutMs: number;
  /** How long it may leave that ping unanswered before it is closed with 4201. */
  readonly pongTimeoutMs: number;
  /** Pings in between, for the proxies on the way, at least this far apart; null: none. */
  readonly pingIntervalMs: number | null;
  /** Silence after which a client that leaves a ping unanswered is closed with 4202; null: never. */
  readonly idleTimeoutMs: number | null;
}

/** How exact the timeouts are. */
const TICK_MS = 250;

/** Bounds the wheel: with timeouts above 17 minutes a client is looked at more than once in each. */
const MAX_LOOK_TICKS = 4096;

/**
 * Finds dead clients with one timer for all of them: a wheel of slots, one looked at each tick. Hearing from a client
 * only notes the tick; a client in the slot that is due is put where its silence would next be too long. So a message costs one
 * store, and a connection one look per timeout.
 *
 * What is due follows from the length of the silence alone: looks at a client are no farther apart than a first ping is
 * from the last sign of life, so there is one at every tick that counts, and unanswered pings need not be noted.
 */
export class Liveness {
  readonly #activityTicks: number;
  /** Infinity where there are no pings in between. */
  readonly #pingTicks: number;
  readonly #closeTicks: number;
  readonly #closeReason: CloseReason;
  /** From one look to the next at the most. */
  readonly #lookTicks: number;
  readonly #slots: Set<ClientSocket>[];
  readonly #timer: NodeJS.Timeout;
  #now = 0;

  constructor({ activityTimeoutMs, pongTimeoutMs, pingIntervalMs, idleTimeoutMs }: LivenessOptions) {
    this.#activityTicks = ticks(activityTimeoutMs);
    // Not more than two for each activity timeout, however short the interval.
    this.#pingTicks = pingIntervalMs === null ? Infinity : ticks(Math.max(pingIntervalMs, activityTimeoutMs / 2));
    const firstPingTicks = Math.min(this.#activityTicks, this.#pingTicks);
    const pongTicks = ticks(pongTimeoutMs);
    const unansweredTicks = this.#activityTicks + pongTicks;
    const idleTicks = idleTimeoutMs === null ? Infinity : Math.max(ticks(idleTimeoutMs), firstPingTicks + pongTicks);
    this.#closeTicks = Math.min(unansweredTicks, idleTicks);
    this.#closeReason = idleTicks < unansweredTicks ? CLOSE.inactive : CLOSE.pongTimeout;
    this.#lookTicks = Math.min(firstPingTicks, MAX_LOOK_TICKS);
    this.#slots = Array.from({ length: this.#lookTicks + 1 }, () => new Set());
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  watch(client: ClientSocket): void {
    this.heard(client);
    this.#place(client, this.#lookTicks);
  }

  heard(client: ClientSocket): void {
    client.heardAt = this.#now;
  }

  unwatch(client: ClientSocket): void {
    this.#slots[client.slot]?.delete(client);
    client.slot = -1;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    this.#now++;
    const slot = this.#slots[this.#now % this.#slots.length];
    if (slot === undefined || slot.size === 0) return;
    const due = [...slot];
    slot.clear();
    for (const client of due) this.#look(client);
  }

  #look(client: ClientSocket): void {
    const silence = this.#now - client.heardAt;
    if (silence >= this.#closeTicks) {
      client.slot = -1;
      client.close(this.#closeReason);
      return;
    }
    if (silence === this.#activityTicks || silence % this.#pingTicks === 0) client.ws.ping();
    this.#place(client, Math.min(this.#lookTicks, this.#ticksUntilDue(silence)));
  }

  /** From a silence of this length to the next one at which there is something to do. */
  #ticksUntilDue(silence: number): number {
    const untilPing = this.#pingTicks - (silence % this.#pingTicks);
    const untilClose = this.#closeTicks - silence;
    const untilActivity = silence < this.#activityTicks ? this.#activityTicks - silence : Infinity;
    return Math.min(untilPing, untilClose, untilActivity);
  }

  #place(client: ClientSocket, inTicks: number): void {
    client.slot = (this.#now + inTicks) % this.#slots.length;
    this.#slots[client.slot]?.add(client);
  }
}

function ticks(ms: number): number {
  return Math.max(1, Math.ceil(ms / TICK_MS));
}
