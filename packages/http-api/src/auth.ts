import { type App, type AppStore, type Clock, secretOf } from '@sluice/core';
import { isMd5Of, isSignatureOf, type QueryPair, REQUEST_WINDOW_SECONDS, requestStringToSign } from '@sluice/protocol';
import { httpError } from './errors.ts';
import { type Authenticated, queryValue } from './request.ts';

/** The parts of a request that its signature covers. */
export interface SignedRequest {
  readonly method: string;
  /** As requested, still percent-encoded, without the path prefix of this server. */
  readonly path: string;
  readonly query: readonly QueryPair[];
  /** App id in the path. */
  readonly appId: string;
}

/**
 * Checks who sent a request, in the order of Pusher's own gem (version, timestamp, signature). Needs only the
 * headers, so that nobody without a key has a body read. Returns the app, or throws the {@link HttpError} that answers; a promise
 * where the store has to ask for the app.
 */
export function authenticate(request: SignedRequest, apps: AppStore, clock: Clock): App | Promise<App> {
  const key = queryValue(request.query, 'auth_key');
  if (key === undefined) throw httpError('missingAuthParameter', 'auth_key');
  const found = apps.byKey(key);
  if (!(found instanceof Promise)) return verify(request, { app: found, key, clock });
  return found.then((app) => verify(request, { app, key, clock }));
}

interface Claim {
  /** Of the key, if there is one. */
  readonly app: App | undefined;
  readonly key: string;
  readonly clock: Clock;
}

function verify(request: SignedRequest, { app, key, clock }: Claim): App {
  const { query } = request;
  const secret = app === undefined ? undefined : secretOf(app, key);
  if (app === undefined || secret === undefined) throw httpError('unknownKey', key);
  if (app.id !== request.appId) throw httpError('keyOfOtherApp', request.appId);
  checkVersion(queryValue(query, 'auth_version'));
  checkTimestamp(queryValue(query, 'auth_timestamp'), clock);
  checkSignature(request, secret);
  return app;
}

function checkVersion(version: string | undefined): void {
  if (version === undefined) throw httpError('versionRequired');
  if (version !== '1.0') throw httpError('versionNotSupported');
}

const SECONDS = /^-?\d{1,12}$/;

function checkTimestamp(given: string | undefined, clock: Clock): void {
  if (given === undefined || !SECONDS.test(given)) throw httpError('timestampRequired');
  // Whole seconds on both sides, or the edge of the window would depend on where in its second the request arrives.
  const now = Math.floor(clock.now() / 1000);
  const timestamp = Number(given);
  if (Math.abs(timestamp - now) >= REQUEST_WINDOW_SECONDS) {
    throw httpError('timestampExpired', isoSeconds(timestamp), isoSeconds(now));
  }
}

/** `2012-11-16T18:29:39Z`; the pattern above keeps the date within what Date can hold. */
function isoSeconds(seconds: number): string {
  return new Date(Math.floor(seconds) * 1000).toISOString().replace('.000Z', 'Z');
}

function checkSignature({ method, path, query }: SignedRequest, secret: string): void {
  const signature = queryValue(query, 'auth_signature');
  if (signature === undefined) throw httpError('missingAuthParameter', 'auth_signature');
  const expected = requestStringToSign(method, path, query);
  if (isSignatureOf(signature, secret, expected)) return;
  // Some libraries sign the path as they wrote it and encode it on the way out.
  const decoded = decodePath(path);
  if (decoded !== path && isSignatureOf(signature, secret, requestStringToSign(method, decoded, query))) return;
  throw httpError('invalidSignature', expected.replaceAll('\n', '\\n'), signature);
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The signature covers the digest, and the digest the very bytes of the body. */
function checkDigest(body: Uint8Array, query: readonly QueryPair[]): void {
  const digest = queryValue(query, 'body_md5');
  if (digest === undefined) {
    if (body.length > 0) throw httpError('bodyDigestRequired');
  } else if (!isMd5Of(digest, body)) {
    throw httpError('bodyDigestWrong');
  }
}

/** Takes up the body, once it is there, if it is the one that was signed and the app may be used. */
export function withBody({ app, space, query }: Omit<Authenticated, 'body'>, body: Buffer): Authenticated {
  checkDigest(body, query);
  if (!app.enabled) throw httpError('appDisabled');
  space.counters.httpCalls++;
  space.counters.httpBytesReceived += body.length;
  return { app, space, query, body };
}
