import { hash, timingSafeEqual } from 'node:crypto';
import { hmacSha256 } from './hmac.ts';

/** HMAC-SHA256 in lower-case hexadecimal, the form of every Pusher signature. */
export function sign(secret: string, text: string): string {
  return hmacSha256(secret, text);
}

/** Compares in constant time. A signature of another length (which is no secret) or in upper case is refused. */
export function isSignatureOf(signature: string, secret: string, text: string): boolean {
  const expected = Buffer.from(sign(secret, text), 'latin1');
  const given = Buffer.from(signature, 'utf8');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

export function md5Hex(bytes: Uint8Array): string {
  return hash('md5', bytes);
}

/** Whether `given` is the MD5 of `bytes`, as `body_md5` has to be. */
export function isMd5Of(given: string, bytes: Uint8Array): boolean {
  return given === md5Hex(bytes);
}

/**
 * What a channel authorisation signs. `channelData` counts whenever the client sent it, an empty string and a
 * private channel included (pusher-js signs it there too).
 */
export function channelStringToSign(socketId: string, channel: string, channelData: string | undefined): string {
  return channelData === undefined ? `${socketId}:${channel}` : `${socketId}:${channel}:${channelData}`;
}

/** What `pusher:signin` signs. */
export function signinStringToSign(socketId: string, userData: string): string {
  return `${socketId}::user::${userData}`;
}

/** A query parameter, decoded; a repeated name stands once for each value. */
export type QueryPair = readonly [name: string, value: string];

/**
 * What a request to the HTTP API signs: names lower-cased and sorted, values decoded, the signature left out
 * (Pusher REST API, "Authentication"; pusher-signature gem).
 */
export function requestStringToSign(method: string, path: string, query: readonly QueryPair[]): string {
  const pairs: QueryPair[] = [];
  let last = '';
  let isSorted = true;
  for (const [given, value] of query) {
    const name = given.toLowerCase();
    if (name === 'auth_signature') continue;
    if (name < last) isSorted = false;
    last = name;
    pairs.push([name, value]);
  }
  // Libraries send them as they signed them. Array.prototype.sort is stable, so repeated names keep the order of their values.
  if (!isSorted) pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `${method.toUpperCase()}\n${path}\n${pairs.map(([name, value]) => `${name}=${value}`).join('&')}`;
}

/** The two halves of an `auth` value, `key:signature`; `undefined` without exactly that form. */
export function splitAuth(auth: string): { readonly key: string; readonly signature: string } | undefined {
  const colon = auth.indexOf(':');
  if (colon <= 0 || colon === auth.length - 1) return undefined;
  return { key: auth.slice(0, colon), signature: auth.slice(colon + 1) };
}
