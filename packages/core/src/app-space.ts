import { type ChannelDelta, DeltaPolicy, type DeltaSettings } from '@sluice/delta';
import type { ChannelName } from '@sluice/protocol';
import type { App } from './app.ts';
import { Channel } from './channel.ts';
import type { Connection } from './connection.ts';
import { ConnectionsByUser } from './connections-by-user.ts';
import type { AppCounters } from './ports/index.ts';

/** Everything this worker holds for one app. */
export class AppSpace {
  readonly #deltas: DeltaSettings;
  #app: App;
  #deltaPolicy: DeltaPolicy;
  readonly counters: AppCounters;
  readonly channels = new Map<string, Channel>();
  /** By socket id. */
  readonly connections = new Map<string, Connection>();
  /** Connections that are signed in. */
  readonly users = new ConnectionsByUser();
  /** Connections that watch a user come and go. */
  readonly watchers = new ConnectionsByUser();

  constructor(app: App, counters: AppCounters, deltas: DeltaSettings) {
    this.#app = app;
    this.counters = counters;
    this.#deltas = deltas;
    this.#deltaPolicy = new DeltaPolicy(deltas, new Map(app.channelDelta));
  }

  /** As it is now; connections keep what they were admitted with, and channels what they were opened with. */
  get app(): App {
    return this.#app;
  }

  set app(app: App) {
    this.#app = app;
    this.#deltaPolicy = new DeltaPolicy(this.#deltas, new Map(app.channelDelta));
  }

  /** What the settings say of deltas, conflation and tags on a channel; those of the open channel, where it is open here. */
  deltaOf(channel: string): ChannelDelta {
    return this.channels.get(channel)?.delta ?? this.#deltaPolicy.channel(channel);
  }

  /** The channel, made if nobody here had it. */
  openChannel(name: ChannelName): { readonly channel: Channel; readonly created: boolean } {
    const existing = this.channels.get(name.raw);
    if (existing !== undefined) return { channel: existing, created: false };
    const channel = new Channel({ name, space: this, delta: this.#deltaPolicy.channel(name.raw) });
    this.channels.set(name.raw, channel);
    return { channel, created: true };
  }

  closeChannel(channel: Channel): void {
    channel.window?.close();
    this.channels.delete(channel.name.raw);
  }
}
