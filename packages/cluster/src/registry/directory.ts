import type { CountByKind, UserRef } from '@sluice/core';
import { type ChannelKind, parseChannelName } from '@sluice/protocol';
import { ChannelRecord } from './channel-record.ts';
import { UserRecord } from './user-record.ts';

export interface ChannelRef {
  readonly appId: string;
  readonly channel: string;
}

export class AppRecord {
  readonly channels = new Map<string, ChannelRecord>();
  /** Those that a worker of this node has. */
  readonly channelsByKind: CountByKind = { public: 0, private: 0, presence: 0, encrypted: 0, user: 0 };
  readonly users = new Map<string, UserRecord>();
}

/** The records of all apps, by name. */
export class Directory {
  readonly apps = new Map<string, AppRecord>();

  app(appId: string): AppRecord {
    let app = this.apps.get(appId);
    if (app === undefined) {
      app = new AppRecord();
      this.apps.set(appId, app);
    }
    return app;
  }

  channel({ appId, channel }: ChannelRef): ChannelRecord | undefined {
    return this.app(appId).channels.get(channel);
  }

  open({ appId, channel }: ChannelRef): ChannelRecord {
    const record = new ChannelRecord();
    this.app(appId).channels.set(channel, record);
    return record;
  }

  close({ appId, channel }: ChannelRef): void {
    this.app(appId).channels.delete(channel);
  }

  /** The channel has become one of this node's, or is none of them any more. */
  countHere({ appId, channel }: ChannelRef, record: ChannelRecord): void {
    record.isCountedHere = record.isHere;
    this.app(appId).channelsByKind[kindOf(channel)] += record.isHere ? 1 : -1;
  }

  user({ appId, userId }: UserRef): UserRecord {
    const { users } = this.app(appId);
    let record = users.get(userId);
    if (record === undefined) {
      record = new UserRecord();
      users.set(userId, record);
    }
    return record;
  }

  discardUser({ appId, userId }: UserRef, record: UserRecord): void {
    if (record.isEmpty) this.app(appId).users.delete(userId);
  }
}

/** Of a name that a worker has checked. */
function kindOf(channel: string): ChannelKind {
  return parseChannelName(channel, channel.length)?.kind ?? 'public';
}
