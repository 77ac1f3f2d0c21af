import { ownHeaders } from './headers.ts';
import type { HttpDestination } from './webhook.ts';

/** Where calls over HTTP go. */
export interface Address {
  readonly url: string;
  /** For logs: paths and queries of webhooks often hold tokens. */
  readonly origin: string;
  /** The operator's own headers. */
  readonly headers: Readonly<Record<string, string>>;
}

export function addressOf({ url }: HttpDestination, headers: Readonly<Record<string, string>>): Address {
  const target = new URL(url);
  const own = new Map(Object.entries(ownHeaders(headers)));
  const hasAuthorization = [...own.keys()].some((name) => name.toLowerCase() === 'authorization');
  // `fetch` refuses credentials in a URL.
  if (!hasAuthorization && (target.username !== '' || target.password !== '')) {
    own.set('Authorization', basicAuthorization(target));
  }
  target.username = '';
  target.password = '';
  target.hash = '';
  return { url: target.href, origin: target.origin, headers: Object.fromEntries(own) };
}

function basicAuthorization({ username, password }: URL): string {
  return `Basic ${Buffer.from(`${decode(username)}:${decode(password)}`).toString('base64')}`;
}

/** A URL may hold a bare `%`. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
