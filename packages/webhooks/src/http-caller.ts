import { addressOf, type Address } from './address.ts';
import { type Call, type Caller, type Failure, failureOf } from './call.ts';
import { signedHeaders } from './headers.ts';
import type { HttpDestination, WebhookApp } from './webhook.ts';

/** Answers are not looked at, only read so that the connection can be used again; longer ones are cut off. */
const MAX_ANSWER_BYTES = 64 * 1024;
const ANSWER_GRACE_MS = 1000;

type Headers = Readonly<Record<string, string>>;

/** Posts the body to a URL; an answer of 2xx is a success. */
export class HttpCaller implements Caller {
  readonly logFields: { readonly origin: string };
  readonly #address: Address;

  constructor(destination: HttpDestination, headers: Headers) {
    this.#address = addressOf(destination, headers);
    this.logFields = { origin: this.#address.origin };
  }

  prepare(app: WebhookApp, body: string): Call {
    const { url, headers } = this.#address;
    const signed = signedHeaders(headers, app, body);
    // JSON.stringify escapes lone surrogates, so that the text that was signed and its bytes are one and the same.
    const bytes = new TextEncoder().encode(body);
    return (stop) => post(url, { headers: signed, body: bytes }, stop);
  }
}

async function post(url: string, what: RequestInit, stop: AbortController): Promise<Failure | null> {
  const response = await fetch(url, { ...what, method: 'POST', redirect: 'manual', signal: stop.signal });
  const timer = setTimeout(() => stop.abort(), ANSWER_GRACE_MS).unref();
  await readThrough(response);
  clearTimeout(timer);
  return response.ok ? null : failureOf(response.status);
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
