import type { WebhookApp } from './webhook.ts';

/** Makes the calls of one target. */
export interface Caller {
  /** Say in logs where calls go, and nothing that may be secret. */
  readonly logFields: Readonly<Record<string, string>>;
  prepare(app: WebhookApp, body: string): Call;
}

/**
 * One call, made once and the same in every try. A try gives why it failed, or `null` for a success; what it throws counts as
 * a failure, too. `stop` is aborted when the time is over; a try may abort it itself.
 */
export type Call = (stop: AbortController) => Promise<Failure | null>;

export interface Failure {
  /** In words that hold nothing of the call. */
  readonly reason: string;
  /** The target will not take this call at any time. */
  readonly isTooLarge: boolean;
}

const TOO_LARGE = 413;

export function failureOf(status: number, detail = ''): Failure {
  return { reason: `status ${status}${detail}`, isTooLarge: status === TOO_LARGE };
}

export interface Bounds {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Why a try failed; `null` for a success. */
export async function attempt(call: Call, { timeoutMs, signal }: Bounds): Promise<Failure | null> {
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    stop.abort();
  }, timeoutMs).unref();
  signal.addEventListener('abort', abort);
  try {
    return await call(stop);
  } catch (error) {
    return { reason: timedOut ? 'no answer in time' : reasonOf(error), isTooLarge: false };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/** Codes and names only: messages quote URLs, headers and answers. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return 'unknown';
  // The one reason without a code that an operator has to know: browsers, and so `fetch`, block some ports.
  if (cause.message === 'bad port') return 'fetch does not call this port';
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}
