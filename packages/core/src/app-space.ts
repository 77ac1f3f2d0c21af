import type { ChannelName } from '@sluice/protocol';
import type { App } from './app.ts';
import { Channel, topicOf } from './channel.ts';
import type { Connection } from './connection.ts';
import { ConnectionsByUser } from './connections-by-user.ts';
import type { AppCounters } from './ports/index.ts';

/** Everything this worker holds for one app. */
export class AppSpace {
  /** As it is now; connections keep what they were admitted with. */
  app: App;
  readonly counters: AppCounters;
  readonly channels = new Map<string, Channel>();
  /** By socket id. */
  readonly connections = new Map<string, Connection>();
  /** Connections that are signed in. */
  readonly users = new ConnectionsByUser();
  /** Connections that watch a user come and go. */
  readonly watchers = new ConnectionsByUser();

  constructor(app: App, counters: AppCounters) {
    this.app = app;
    this.counters = counters;
  }

  /** The channel, made if nobody here had it. */
  openChannel(name: ChannelName): { readonly channel: Channel; readonly created: boolean } {
    const existing = this.channels.get(name.raw);
    if (existing !== undefined) return { channel: existing, created: false };
    const channel = new Channel(name, topicOf(this.app.id, name.raw));
    this.channels.set(name.raw, channel);
    return { channel, created: true };
  }

  closeChannel(channel: Channel): void {
    this.channels.delete(channel.name.raw);
  }
}
