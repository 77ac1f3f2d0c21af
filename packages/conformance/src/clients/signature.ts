import { createHash, createHmac } from 'node:crypto';
import type { AppCredentials, KeyPair } from '../target.ts';

// Written from Pusher's documents, apart from any server under test, which may have the same mistake.

export function hmac(secret: string, text: Buffer | string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

export function md5(body: Buffer | string): string {
  return createHash('md5').update(body).digest('hex');
}

export interface ChannelClaim {
  readonly socketId: string;
  readonly channel: string;
  readonly channelData?: string;
}

/** The `auth` value of a channel subscription. */
export function channelAuth({ key, secret }: KeyPair, { socketId, channel, channelData }: ChannelClaim): string {
  const data = channelData === undefined ? '' : `:${channelData}`;
  return `${key}:${hmac(secret, `${socketId}:${channel}${data}`)}`;
}

/** The `auth` value of a sign-in. */
export function signInAuth({ key, secret }: AppCredentials, socketId: string, userData: string): string {
  return `${key}:${hmac(secret, `${socketId}::user::${userData}`)}`;
}

export type Pair = readonly [name: string, value: string];

/** What a request to the HTTP API signs; the names have to be in lower case already. */
export function requestText(method: string, path: string, query: readonly Pair[]): string {
  const sorted = query.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return [method, path, sorted.map(([name, value]) => `${name}=${value}`).join('&')].join('\n');
}
