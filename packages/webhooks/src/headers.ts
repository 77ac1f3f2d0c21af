import { sign } from '@sluice/protocol';
import type { WebhookApp } from './webhook.ts';

/** Set by us, because receivers verify them or because HTTP goes wrong without. */
const OURS = new Set(['content-type', 'x-pusher-key', 'x-pusher-signature', 'host', 'content-length']);

/** With one of these `fetch` refuses every call. */
const REFUSED_BY_FETCH = new Set([
  'connection',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const NAME = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;
const VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

type Headers = Readonly<Record<string, string>>;

function isSetByUs(name: string): boolean {
  return OURS.has(name.toLowerCase());
}

/** What keeps a header from being sent; `undefined`: nothing. */
export function headerProblem(name: string, value: unknown): string | undefined {
  if (!NAME.test(name)) return 'this is not the name of an HTTP header';
  if (isSetByUs(name)) return 'Sluice sets this header itself; leave it out';
  if (REFUSED_BY_FETCH.has(name.toLowerCase())) return 'this header belongs to the connection; leave it out';
  if (typeof value !== 'string') return 'expected a text';
  return VALUE.test(value) ? undefined : 'the value holds characters that an HTTP header cannot';
}

/** The operator's headers, less those that are ours. */
export function ownHeaders(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isSetByUs(name)));
}

/** The headers of a call with this body. */
export function signedHeaders(own: Headers, { key, secret }: WebhookApp, body: string): Headers {
  return {
    ...own,
    // Without a charset: Pusher's libraries compare the whole value.
    'Content-Type': 'application/json',
    'X-Pusher-Key': key,
    'X-Pusher-Signature': sign(secret, body),
  };
}
