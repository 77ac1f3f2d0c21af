/** Terminals and process managers signal the whole group, and wrappers pass signals on: within this time it is one and the same (ADR 0011). */
const SAME_SIGNAL_MS = 500;

export interface ShutdownHandlers {
  /** The first SIGTERM or SIGINT, or SIGHUP when the terminal goes: end in order. */
  readonly onFirst: (signal: string) => void;
  /** Another one after it: end now. */
  readonly onSecond: (signal: string) => void;
  /** SIGHUP of a server that has no terminal: read the configuration again, as daemons do. */
  readonly onReload: () => void;
  /** SIGUSR2: put new workers in the places of those that run. */
  readonly onRestart: () => void;
}

export function handleSignals({ onFirst, onSecond, onReload, onRestart }: ShutdownHandlers): void {
  let firstAt: number | null = null;
  const handle = (signal: string): void => {
    const now = performance.now();
    if (firstAt === null) {
      firstAt = now;
      onFirst(signal);
    } else if (now - firstAt > SAME_SIGNAL_MS) {
      onSecond(signal);
    }
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
  process.on('SIGUSR2', onRestart);
  // Of one that has a terminal: it has gone.
  const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  process.on('SIGHUP', hasTerminal ? handle : onReload);
}
