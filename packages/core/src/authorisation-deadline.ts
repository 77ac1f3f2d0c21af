import type { Connection } from './connection.ts';
import type { Clock } from './ports/index.ts';

export interface AuthorisationDeadlineOptions {
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** The connection is still not authorised. */
  readonly onMissed: (connection: Connection) => void;
}

/**
 * Connections that have yet to sign in or join a private or presence channel. All have the same time for it, so
 * that the oldest is due first and one timer does for all.
 */
export class AuthorisationDeadline {
  readonly #options: AuthorisationDeadlineOptions;
  /** When each is due, in the order in which they came (a Map keeps it). */
  readonly #dueAt = new Map<Connection, number>();
  #isWaiting = false;

  constructor(options: AuthorisationDeadlineOptions) {
    this.#options = options;
  }

  add(connection: Connection): void {
    const { timeoutMs, clock } = this.#options;
    this.#dueAt.set(connection, clock.monotonic() + timeoutMs);
    if (!this.#isWaiting) this.#wait(timeoutMs);
  }

  /** The connection is authorised, or gone. */
  delete(connection: Connection): void {
    this.#dueAt.delete(connection);
  }

  #wait(ms: number): void {
    this.#isWaiting = true;
    setTimeout(() => this.#look(), ms).unref();
  }

  #look(): void {
    const now = this.#options.clock.monotonic();
    this.#isWaiting = false;
    for (const [connection, dueAt] of this.#dueAt) {
      // Timers may fire a millisecond early.
      if (dueAt > now + 1) {
        this.#wait(dueAt - now);
        return;
      }
      this.#dueAt.delete(connection);
      this.#options.onMissed(connection);
    }
  }
}
