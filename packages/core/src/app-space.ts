import type { ChannelName } from '@sluice/protocol';
import type { App } from './app.ts';
import { Channel, topicOf } from './channel.ts';
import type { Connection } from './connection.ts';
import type { AppCounters } from './ports/index.ts';
import { Watchers } from './watchers.ts';

/** Everything this worker holds for one app. */
export class AppSpace {
  readonly app: App;
  readonly counters: AppCounters;
  readonly channels = new Map<string, Channel>();
  /** By socket id. */
  readonly connections = new Map<string, Connection>();
  /** Connections that are signed in, by user id. */
  readonly users = new Map<string, Set<Connection>>();

  readonly watchers = new Watchers();

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
    this.counters.channels[name.kind]++;
    return { channel, created: true };
  }

  closeChannel(channel: Channel): void {
    if (this.channels.delete(channel.name.raw)) this.counters.channels[channel.name.kind]--;
  }

  addUser(userId: string, connection: Connection): void {
    const connections = this.users.get(userId);
    if (connections === undefined) this.users.set(userId, new Set([connection]));
    else connections.add(connection);
  }

  removeUser(userId: string, connection: Connection): void {
    const connections = this.users.get(userId);
    connections?.delete(connection);
    if (connections?.size === 0) this.users.delete(userId);
  }
}
