import type { TestContext } from 'node:test';
import { APP, until } from '@sluice/testkit';
import Pusher from 'pusher';
import PusherJs, { type Channel, type Options, type PresenceChannel } from 'pusher-js';
import type { Backend } from './backend.ts';

/** The module is the class itself at run time, while its types describe a default export. */
const Client = PusherJs as unknown as typeof PusherJs.default;
export type Client = InstanceType<typeof Client>;

/** Decodes to 32 bytes, as encrypted channels want it. */
const MASTER_KEY = Buffer.alloc(32, 7).toString('base64');

/** What `pusher` gives for an answer; its own types lean on a package that has none. */
export interface Answer {
  json(): Promise<unknown>;
}

/** What `pusher` throws when the server refuses. */
export interface Refused {
  readonly status?: number;
  readonly body?: string;
}

/** Whatever differs from a client of the fixture's app on plain WebSocket. */
export type ClientOptions = Partial<Options> & { readonly key?: string };

interface Bindable {
  bind(event: string, callback: (data: unknown, metadata?: { readonly user_id?: string }) => void): unknown;
}

/** The other side of every test: what an application's backend holds. */
export function publisherOn(port: number, changes: { readonly key?: string; readonly secret?: string } = {}): Pusher {
  const { id, key, secret } = { ...APP, ...changes };
  return new Pusher({
    appId: id,
    key,
    secret,
    host: '127.0.0.1',
    port: String(port),
    encryptionMasterKeyBase64: MASTER_KEY,
  });
}

export async function jsonOf(request: Promise<Answer>): Promise<unknown> {
  const answer = await request;
  return answer.json();
}

/** A client that may still be on its way; disconnected when the test ends. */
export function open(t: TestContext, port: number, { key = APP.key, ...options }: ClientOptions = {}): Client {
  const client = new Client(key, {
    cluster: 'local',
    wsHost: '127.0.0.1',
    wsPort: port,
    forceTLS: false,
    enabledTransports: ['ws'],
    ...options,
  });
  t.after(() => client.disconnect());
  return client;
}

export async function connect(t: TestContext, port: number, options: ClientOptions = {}): Promise<Client> {
  const client = open(t, port, options);
  await until('the connection', () => client.connection.state === 'connected');
  return client;
}

export async function subscribe(client: Client, name: string): Promise<Channel> {
  const channel = client.subscribe(name);
  await until(`the subscription to ${name}`, () => channel.subscribed);
  return channel;
}

export async function join(client: Client, name: string): Promise<PresenceChannel> {
  return (await subscribe(client, name)) as PresenceChannel;
}

/** Whether what is sent to the user gets through: pusher-js joins a channel of its own for that, and drops what comes before. */
export function isSignedIn(client: Client): boolean {
  // Null until then, whatever its type says.
  const channel = client.user.serverToUserChannel as Channel | null;
  return channel?.subscribed ?? false;
}

/** Collects, from now on, the data of every event of that name. */
export function collect(source: Bindable, event: string): unknown[] {
  const got: unknown[] = [];
  source.bind(event, (data) => got.push(data));
  return got;
}

/** The same with the sender, whom presence channels name. */
export function collectSigned(source: Bindable, event: string): unknown[] {
  const got: unknown[] = [];
  source.bind(event, (data, metadata) => got.push({ data, from: metadata?.user_id }));
  return got;
}

/** Waits for the first of what is being collected. */
export async function first(what: string, got: readonly unknown[]): Promise<unknown> {
  await count(what, got, 1);
  return got[0];
}

export async function count(what: string, got: readonly unknown[], wanted: number): Promise<void> {
  await until(`${wanted} of ${what}`, () => got.length >= wanted);
}

/** Authorises in this process, without a request, as the named user. */
export function authorizedBy(publisher: Pusher, userId: string): Partial<Options> {
  const user = { user_id: userId, user_info: { name: nameOf(userId) } };
  return {
    channelAuthorization: {
      customHandler: ({ socketId, channelName }, callback) => {
        const isPresence = channelName.startsWith('presence-');
        callback(null, publisher.authorizeChannel(socketId, channelName, isPresence ? user : undefined));
      },
    },
  };
}

/** Asks a backend over HTTP, as the named user, for channels and for the sign-in. */
export function authorizedOver(backend: Backend, userId: string): Partial<Options> {
  const request = { transport: 'ajax', headers: { authorization: `Bearer ${userId}` } } as const;
  return {
    channelAuthorization: { ...request, endpoint: backend.url('/broadcasting/auth') },
    userAuthentication: { ...request, endpoint: backend.url('/broadcasting/user-auth') },
  };
}

/** How users of the tests are called: `alice` is Alice. */
export function nameOf(userId: string): string {
  return userId.slice(0, 1).toUpperCase() + userId.slice(1);
}
