import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type PusherModule from 'pusher-js';
import type { Channel, Options } from 'pusher-js';
import type { AppCredentials, Endpoint } from '../target.ts';
import type { Transcript } from '../transcript.ts';
import { channelAuth, signInAuth } from './signature.ts';

type PusherJs = typeof PusherModule.default;

// A CommonJS module that exports the class itself, while its types speak of a default export.
const Pusher = createRequire(import.meta.url)('pusher-js') as PusherJs;

/** After an attempt that was refused pusher-js waits out the 15 s it has for one. */
const WAIT_MS = 20_000;
const POLL_MS = 10;

export interface PusherClientOptions {
  readonly endpoint: Endpoint;
  readonly app: AppCredentials;
  readonly name: string;
  readonly transcript: Transcript;
  /** Presence channels are joined as this user. */
  readonly member?: { readonly user_id: string; readonly user_info?: unknown };
  /** Who it signs in as when told to. */
  readonly user?: { readonly id: string; readonly watchlist?: readonly string[] };
  /** Options of pusher-js that take the place of the ones this class chooses. */
  readonly options?: Partial<Options>;
}

export interface Received {
  readonly event: string;
  readonly data: unknown;
}

/** pusher-js in Node, with an authorisation that signs at once. */
export class PusherClient {
  readonly pusher: InstanceType<PusherJs>;
  readonly name: string;
  /** States of the connection in the order they were entered. */
  readonly states: string[];
  /** When each state was entered, on the clock of `performance.now()`. */
  readonly enteredAt: number[];
  readonly errors: unknown[] = [];

  constructor({ endpoint, app, name, transcript, member, user, options = {} }: PusherClientOptions) {
    this.name = name;
    this.pusher = new Pusher(app.key, {
      cluster: 'self-hosted',
      wsHost: endpoint.host,
      wsPort: endpoint.port,
      wssPort: endpoint.port,
      wsPath: endpoint.prefix ?? '',
      forceTLS: endpoint.secure ?? false,
      // Behind TLS too its transport is called ws, and wss only where it falls back to TLS.
      enabledTransports: ['ws'],
      channelAuthorization: {
        customHandler: ({ socketId, channelName }, callback) => {
          const channelData = channelName.startsWith('presence-') ? JSON.stringify(member) : undefined;
          const claim = { socketId, channel: channelName };
          const auth = channelAuth(app, channelData === undefined ? claim : { ...claim, channelData });
          callback(null, channelData === undefined ? { auth } : { auth, channel_data: channelData });
        },
      },
      userAuthentication: {
        customHandler: ({ socketId }, callback) => {
          if (user === undefined) return callback(new Error('this client is no user'), null);
          const userData = JSON.stringify(user);
          callback(null, { auth: signInAuth(app, socketId, userData), user_data: userData });
        },
      },
      ...options,
    });
    this.states = [this.pusher.connection.state];
    this.enteredAt = [performance.now()];
    this.pusher.connection.bind('state_change', ({ current }: { readonly current: string }) => {
      transcript.add(name, `is ${current}`);
      this.states.push(current);
      this.enteredAt.push(performance.now());
    });
    this.pusher.connection.bind('error', (error: unknown) => this.errors.push(error));
    this.pusher.bind_global((event: string, data: unknown) =>
      transcript.add(name, `← ${event} ${JSON.stringify(data)}`),
    );
  }

  async connected(): Promise<void> {
    await this.until('being connected', () => this.pusher.connection.state === 'connected');
  }

  /** Subscribes and waits for the success. */
  async subscribe(channel: string): Promise<Channel> {
    const subscribed = this.pusher.subscribe(channel);
    await this.until(`the subscription to ${channel}`, () => subscribed.subscribed);
    return subscribed;
  }

  /** Signs in, and waits until events for the user are subscribed to. */
  async signIn(): Promise<void> {
    this.pusher.signin();
    await this.signedIn();
  }

  async signedIn(): Promise<void> {
    await this.until('being signed in', () => {
      // Null before the sign-in, though its type does not say so.
      const channel: Channel | null | undefined = this.pusher.user.serverToUserChannel;
      return channel?.subscribed ?? false;
    });
  }

  /** Collects events of a channel from now on, those of the library itself left out. */
  collect(channel: Channel): Received[] {
    const received: Received[] = [];
    channel.bind_global((event: string, data: unknown) => {
      if (!event.startsWith('pusher:')) received.push({ event, data });
    });
    return received;
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    const endsAt = performance.now() + WAIT_MS;
    while (!condition()) {
      if (performance.now() > endsAt) throw new Error(`${this.name} waited ${WAIT_MS} ms in vain for ${what}`);
      await sleep(POLL_MS);
    }
  }
}
