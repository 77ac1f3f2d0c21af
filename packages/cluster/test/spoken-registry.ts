import assert from 'node:assert/strict';
import type { JoinAnswer } from '@sluice/core';
import { createSocketId } from '@sluice/protocol';
import { NodeRegistry } from '../src/registry/node-registry.ts';

export const APP = '1001';
export const ROOM = 'presence-room';

/** A registry with all that it said, in order, and a clock that stands still. */
export class SpokenRegistry {
  nowMs = 0;
  readonly events: string[] = [];
  readonly occupation: string[] = [];
  readonly registry: NodeRegistry;

  constructor() {
    const to = (owners: ReadonlySet<number>): string => [...owners].sort((a, b) => a - b).join('+') || 'nobody';
    this.registry = new NodeRegistry({
      now: () => this.nowMs,
      cache: { maxEvents: 3, maxBytes: 1_000_000 },
      listener: {
        happened: ({ type, channel }) => {
          if (type.startsWith('channel_')) this.occupation.push(`${channel} ${type.slice('channel_'.length)}`);
        },
        memberAdded: (owners, { channel, member }) => this.events.push(`+${member.userId} ${channel} to ${to(owners)}`),
        memberRemoved: (owners, { channel, userId }) => this.events.push(`-${userId} ${channel} to ${to(owners)}`),
        subscriptionCount: (owners, { channel, count }) => this.events.push(`${channel} has ${count} to ${to(owners)}`),
        userOnline: (owners, { userId }) => this.events.push(`${userId} online to ${to(owners)}`),
        userOffline: (owners, { userId }) => this.events.push(`${userId} offline to ${to(owners)}`),
        userTerminated: ({ userId }) => this.events.push(`${userId} terminated`),
      },
    });
  }

  join(owner: number, userId: string, { channel = ROOM, maxMembers = 100 } = {}): JoinAnswer {
    let given: JoinAnswer | undefined;
    const request = { appId: APP, channel, socketId: createSocketId(), member: { userId, info: 'null' }, maxMembers };
    this.registry.join(owner, request, (answer) => {
      assert.equal(given, undefined, 'answered twice');
      given = answer;
    });
    assert.ok(given !== undefined, 'not answered');
    return given;
  }

  leave(owner: number, userId: string, channel = ROOM): void {
    this.registry.leave(owner, { appId: APP, channel, userId });
  }

  takeEvents(): string[] {
    return this.events.splice(0);
  }
}
