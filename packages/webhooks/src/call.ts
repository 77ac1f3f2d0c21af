import { sign } from '@sluice/protocol';
import type { Address } from './address.ts';
import type { WebhookApp } from './webhook.ts';

/** One call, made once and the same in every try. */
export interface Call {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** How a try is made. */
export interface Caller {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Failure {
  /** In words that hold nothing of the call. */
  readonly reason: string;
  /** The endpoint will not take this call at any time. */
  readonly isTooLarge: boolean;
}

const TOO_LARGE = 413;

/** Answers are not looked at, only read so that the connection can be used again; longer ones are cut off. */
const MAX_ANSWER_BYTES = 64 * 1024;
const ANSWER_GRACE_MS = 1000;

export function prepareCall(address: Address, { key, secret }: WebhookApp, body: string): Call {
  return {
    url: address.url,
    headers: {
      ...address.headers,
      // Without a charset: Pusher's libraries compare the whole value.
      'Content-Type': 'application/json',
      'X-Pusher-Key': key,
      // JSON.stringify escapes lone surrogates, so that the text and its bytes below are one and the same.
      'X-Pusher-Signature': sign(secret, body),
    },
    body: new TextEncoder().encode(body),
  };
}

/** Why a try failed; `null` for an answer of 2xx. */
export async function attempt({ url, headers, body }: Call, caller: Caller): Promise<Failure | null> {
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  let timedOut = false;
  let timer = setTimeout(() => {
    timedOut = true;
    stop.abort();
  }, caller.timeoutMs).unref();
  caller.signal.addEventListener('abort', abort);
  try {
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: stop.signal });
    clearTimeout(timer);
    timer = setTimeout(abort, Math.min(caller.timeoutMs, ANSWER_GRACE_MS)).unref();
    await readThrough(response);
    const { ok, status } = response;
    return ok ? null : { reason: `status ${status}`, isTooLarge: status === TOO_LARGE };
  } catch (error) {
    return { reason: timedOut ? 'no answer in time' : reasonOf(error), isTooLarge: false };
  } finally {
    clearTimeout(timer);
    caller.signal.removeEventListener('abort', abort);
  }
}

/** Never fails: by then the endpoint has answered. */
async function readThrough(response: Response): Promise<void> {
  const body: ReadableStream<Uint8Array> | null = response.body;
  if (body === null) return;
  let bytes = 0;
  try {
    // Leaving the loop early closes the connection.
    for await (const chunk of body) {
      bytes += chunk.byteLength;
      if (bytes > MAX_ANSWER_BYTES) return;
    }
  } catch {
    // Cut off, by us or by the endpoint.
  }
}

/** Codes and names only: the messages of `fetch` quote URLs and headers. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return 'unknown';
  // The one reason without a code that an operator has to know: browsers, and so `fetch`, block some ports.
  if (cause.message === 'bad port') return 'fetch does not call this port';
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}
