import type {
  CountReport,
  DomainEvent,
  JoinAnswer,
  MemberAdded,
  MemberRemoved,
  PresenceJoin,
  SubscriptionCount,
  UserRef,
} from '@sluice/core';
import type { Member } from '@sluice/protocol';
import type { ChannelRecord } from './channel-record.ts';
import { CountAnnouncer } from './count-announcer.ts';
import { type ChannelRef, Directory } from './directory.ts';
import type { NodeId, Owner, WorkerId } from './owner.ts';

/** What changes, and for whom: the workers that hold a member or subscriber of the channel, or watch the user. */
export interface RegistryListener {
  memberAdded(workers: ReadonlySet<WorkerId>, event: MemberAdded): void;
  memberRemoved(workers: ReadonlySet<WorkerId>, event: MemberRemoved): void;
  subscriptionCount(workers: ReadonlySet<WorkerId>, event: SubscriptionCount): void;
  userOnline(workers: ReadonlySet<WorkerId>, user: UserRef): void;
  userOffline(workers: ReadonlySet<WorkerId>, user: UserRef): void;
}

/** What the workers of this node have together has changed, and other nodes are to know. */
export interface HereListener {
  countChanged(channel: ChannelRef): void;
  memberJoined(channel: ChannelRef, member: Member): void;
  memberLeft(event: MemberRemoved): void;
  userJoined(user: UserRef): void;
  userLeft(user: UserRef): void;
}

export interface MergedStateOptions {
  readonly listener: RegistryListener;
  /** A transition, or a number of subscribers, that webhooks may tell of. */
  readonly happened: (event: DomainEvent) => void;
  /** Missing: there are no other nodes. */
  readonly here?: HereListener | undefined;
}

const NOBODY: ReadonlySet<WorkerId> = new Set();

/**
 * Who is where, of all nodes, by owner. Events are derived from its transitions, so that there are no doubles; and when an
 * owner dies everything it held goes, so that there are no ghosts. A change costs what it changes: only the death of an
 * owner and a comparison with a snapshot look at everything.
 */
export class MergedState {
  readonly directory = new Directory();
  readonly #listener: RegistryListener;
  readonly #happened: (event: DomainEvent) => void;
  readonly #here: HereListener | undefined;
  readonly #counts: CountAnnouncer;

  constructor({ listener, happened, here }: MergedStateOptions) {
    this.#listener = listener;
    this.#happened = happened;
    this.#here = here;
    this.#counts = new CountAnnouncer({
      current: (ref) => this.directory.channel(ref)?.subscriptions ?? 0,
      announce: (event) => {
        const workers = this.directory.channel(event)?.subscriptionOwners();
        if (workers === undefined) return;
        listener.subscriptionCount(workers, event);
        happened({ type: 'subscription_count', ...event });
      },
    });
  }

  count(owner: Owner, report: CountReport): void {
    const { subscriptions, announce } = report;
    const record = this.directory.channel(report) ?? (subscriptions > 0 ? this.#open(report) : undefined);
    if (record === undefined) return;
    const before = record.subscriptions;
    const beforeHere = record.subscriptionsHere;
    record.setCount(owner, subscriptions);
    // Who has no subscriber left may not know that others have announced ones.
    if (subscriptions > 0) record.announces = announce;
    const count = record.subscriptions;
    if (record.announces && count !== before) {
      this.#counts.changed({ appId: report.appId, channel: report.channel, count });
    }
    if (record.subscriptionsHere !== beforeHere) this.#here?.countChanged(report);
    this.#settle(report, record);
  }

  /** `answered` is called before the listener hears of the join: a newcomer has the list before any event. */
  join(worker: WorkerId, request: PresenceJoin, answered: (answer: JoinAnswer) => void): void {
    const { appId, channel, member, socketId, maxMembers } = request;
    const record = this.directory.channel(request) ?? this.#open(request);
    const { answer, isNew, isNewHere } = record.join(worker, member, maxMembers);
    answered(answer);
    if (isNewHere) this.#here?.memberJoined(request, member);
    if (isNew) this.#added(record, { appId, channel, member, socketId });
    this.#settle(request, record);
  }

  joinElsewhere(node: NodeId, { appId, channel }: ChannelRef, member: Member): void {
    const record = this.directory.channel({ appId, channel }) ?? this.#open({ appId, channel });
    if (record.joinElsewhere(node, member)) this.#added(record, { appId, channel, member, socketId: '' });
  }

  leave(owner: Owner, event: MemberRemoved): void {
    const record = this.directory.channel(event);
    if (record === undefined) return;
    const { appId, channel, userId } = event;
    const { isGone, isGoneHere } = record.leave(owner, userId);
    if (isGoneHere) this.#here?.memberLeft({ appId, channel, userId });
    if (isGone) this.#removed(record.memberOwners(), { appId, channel, userId });
    this.#settle(event, record);
  }

  userJoined(worker: WorkerId, user: UserRef): void {
    const record = this.directory.user(user);
    const wasHere = record.isOnlineHere;
    if (record.join(worker)) this.#listener.userOnline(record.watchers, user);
    if (!wasHere) this.#here?.userJoined(user);
  }

  userJoinedElsewhere(node: NodeId, user: UserRef): void {
    const record = this.directory.user(user);
    if (record.joinElsewhere(node)) this.#listener.userOnline(record.watchers, user);
  }

  userLeft(owner: Owner, user: UserRef): void {
    const record = this.directory.user(user);
    const wasHere = record.isOnlineHere;
    if (record.leave(owner)) this.#listener.userOffline(record.watchers, user);
    if (wasHere && !record.isOnlineHere) this.#here?.userLeft(user);
    this.directory.discardUser(user, record);
  }

  /** The owner has died. */
  drop(owner: Owner): void {
    for (const [appId, app] of this.directory.apps) {
      for (const [channel, record] of app.channels) this.#dropFromChannel(owner, { appId, channel }, record);
      for (const [userId, record] of app.users) {
        const wasHere = record.isOnlineHere;
        if (record.drop(owner)) this.#listener.userOffline(record.watchers, { appId, userId });
        if (wasHere && !record.isOnlineHere) this.#here?.userLeft({ appId, userId });
        if (record.isEmpty) app.users.delete(userId);
      }
    }
  }

  #dropFromChannel(owner: Owner, ref: ChannelRef, record: ChannelRecord): void {
    const { gone, goneHere, hadCount } = record.drop(owner);
    for (const userId of goneHere) this.#here?.memberLeft({ ...ref, userId });
    const workers = gone.length === 0 ? NOBODY : record.memberOwners();
    for (const userId of gone) this.#removed(workers, { ...ref, userId });
    if (hadCount && record.announces) this.#counts.changed({ ...ref, count: record.subscriptions });
    if (hadCount && typeof owner === 'number') this.#here?.countChanged(ref);
    this.#settle(ref, record);
  }

  #added(record: ChannelRecord, event: MemberAdded): void {
    const { appId, channel, member } = event;
    this.#listener.memberAdded(record.memberOwners(), event);
    this.#happened({ type: 'member_added', appId, channel, userId: member.userId });
  }

  #removed(workers: ReadonlySet<WorkerId>, event: MemberRemoved): void {
    this.#listener.memberRemoved(workers, event);
    this.#happened({ type: 'member_removed', ...event });
  }

  #open({ appId, channel }: ChannelRef): ChannelRecord {
    const record = this.directory.open({ appId, channel });
    this.#happened({ type: 'channel_occupied', appId, channel });
    return record;
  }

  #settle(ref: ChannelRef, record: ChannelRecord): void {
    if (record.isHere !== record.isCountedHere) this.directory.countHere(ref, record);
    if (!record.isEmpty) return;
    this.directory.close(ref);
    const { appId, channel } = ref;
    this.#happened({ type: 'channel_vacated', appId, channel });
  }
}
