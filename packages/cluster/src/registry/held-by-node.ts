import { type MemberRemoved, topicOf, type UserRef } from '@sluice/core';
import type { Change } from './change.ts';
import type { ChannelRef, Directory } from './directory.ts';
import type { MergedState } from './merged-state.ts';
import type { NodeId } from './owner.ts';
import type { Slots } from './slots.ts';

/** All that a node holds as its snapshot says. What it was known to hold beyond that has gone. */
export class HeldByNode {
  /** Members, by channel. */
  readonly #members = new Map<string, Set<string>>();
  readonly #counts = new Set<string>();
  /** Users signed in, by app. */
  readonly #users = new Map<string, Set<string>>();
  readonly #slots = new Set<string>();

  add(change: Change): void {
    if (change.type === 'count') this.#counts.add(topicOf(change.appId, change.channel));
    else if (change.type === 'joined') {
      addTo(this.#members, topicOf(change.appId, change.channel), change.member.userId);
    } else if (change.type === 'user_joined') addTo(this.#users, change.appId, change.userId);
    else if (change.type === 'slots') this.#slots.add(change.name);
  }

  /** Takes out what the node does not hold any more. */
  takeOutOthers(node: NodeId, state: MergedState, slots: Slots): void {
    // Found first: taking out changes what is looked through.
    for (const event of [...this.#membersGone(node, state.directory)]) state.leave(node, event);
    for (const channel of [...this.#countsGone(node, state.directory)]) {
      state.count(node, { ...channel, subscriptions: 0, announce: false });
    }
    for (const user of [...this.#usersGone(node, state.directory)]) state.userLeft(node, user);
    for (const name of slots.namesOf(node)) if (!this.#slots.has(name)) slots.setElsewhere(node, name, 0);
  }

  *#membersGone(node: NodeId, { apps }: Directory): Iterable<MemberRemoved> {
    for (const [appId, app] of apps) {
      for (const [channel, record] of app.channels) {
        const held = this.#members.get(topicOf(appId, channel));
        for (const userId of record.usersOf(node)) if (held?.has(userId) !== true) yield { appId, channel, userId };
      }
    }
  }

  *#countsGone(node: NodeId, { apps }: Directory): Iterable<ChannelRef> {
    for (const [appId, app] of apps) {
      for (const [channel, record] of app.channels) {
        if (record.hasCountOf(node) && !this.#counts.has(topicOf(appId, channel))) yield { appId, channel };
      }
    }
  }

  *#usersGone(node: NodeId, { apps }: Directory): Iterable<UserRef> {
    for (const [appId, app] of apps) {
      const held = this.#users.get(appId);
      for (const [userId, record] of app.users) {
        if (record.isOnlineAt(node) && held?.has(userId) !== true) yield { appId, userId };
      }
    }
  }
}

function addTo(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}
