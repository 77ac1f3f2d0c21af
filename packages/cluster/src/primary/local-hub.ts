import type { Duplex } from 'node:stream';
import type { CountByKind, DomainEvent, Log } from '@sluice/core';
import { assertNever } from '@sluice/protocol';
import { encodeTopicMessage, messageOf, topicOf } from '../bus/frames.ts';
import { Link, type LinkBounds } from '../bus/link.ts';
import type { AnswerTo, PrimaryMessage, PrimaryQuestion, WorkerMessage, WorkerQuestion } from '../bus/messages.ts';
import type { WorkerId } from '../registry/owner.ts';
import type { CacheBounds } from '../registry/event-cache.ts';
import { NodeRegistry } from '../registry/node-registry.ts';
import type { Replication } from '../registry/replication.ts';
import { Interest } from './interest.ts';
import type { OtherNodes } from './other-nodes.ts';
import { TopicRouter } from './topic-router.ts';

export type WorkerLink = Link<PrimaryMessage, WorkerMessage>;

export interface LocalHubOptions {
  readonly log: Log;
  readonly cache: CacheBounds;
  /** When a worker counts as stuck. */
  readonly bounds?: LinkBounds;
  /** Something happened that webhooks may tell of. */
  readonly onEvent: (event: DomainEvent) => void;
  /** A worker could listen. */
  readonly onPrepared: (owner: WorkerId) => void;
  readonly onListening: (owner: WorkerId) => void;
  /** A worker cannot listen and says why. */
  readonly onFailed: (owner: WorkerId, message: string) => void;
  /** A worker does not read what it is sent; it has to be replaced. */
  readonly onStuck: (owner: WorkerId) => void;
  /** The way to other nodes; null: there are none. */
  readonly others?: OtherNodes | null;
}

/** Beyond these a worker is stuck and replaced: dropping messages would hide that. */
const BOUNDS: LinkBounds = { watchAboveBytes: 64 * 1024 ** 2, stallMs: 5000, maxQueuedBytes: 512 * 1024 ** 2 };

/** Up to this much is on its way out in a moment. */
const COPY_ABOVE_BYTES = 256 * 1024;

/** How long a worker may take over an answer. One that is stopped or dying must not hold up the others. */
const ANSWER_TIMEOUT_MS = 1000;

/** How long publishers wait for a worker that does not answer; messages under way take well under a millisecond. */
const ECHO_TIMEOUT_MS = 250;

const NO_ANSWER = Symbol('no answer');

interface Question {
  readonly question: PrimaryQuestion;
  readonly timeoutMs: number;
}

/**
 * The primary's side of the local bus: passes topic messages between workers, keeps the registry, answers questions.
 * It never looks into a message.
 */
export class LocalHub {
  readonly #options: LocalHubOptions;
  readonly #links = new Map<WorkerId, WorkerLink>();
  readonly #router = new TopicRouter();
  readonly #interest: Interest;
  readonly #registry: NodeRegistry;
  /** By sender: who was given its messages since it last asked whether they are taken up. */
  readonly #passedOn = new Map<WorkerId, Set<WorkerId>>();
  readonly #unresponsive = new Set<WorkerId>();
  /** Questions of the primary under way. */
  readonly #asked = new Set<{ readonly owner: WorkerId; readonly giveUp: () => void }>();

  constructor(options: LocalHubOptions) {
    this.#options = options;
    this.#interest = new Interest(options.others ?? null);
    this.#registry = new NodeRegistry({
      now: () => performance.now(),
      cache: options.cache,
      ...(options.others ? { cluster: options.others.replication } : {}),
      listener: {
        // The type last: events may be messages themselves, with a type of their own.
        memberAdded: (owners, event) => this.#tellSome(owners, { ...event, type: 'member_added' }),
        memberRemoved: (owners, event) => this.#tellSome(owners, { ...event, type: 'member_removed' }),
        subscriptionCount: (owners, event) => this.#tellSome(owners, { ...event, type: 'subscription_count' }),
        userOnline: (owners, user) => this.#tellSome(owners, { ...user, type: 'user_online' }),
        userOffline: (owners, user) => this.#tellSome(owners, { ...user, type: 'user_offline' }),
        userTerminated: (user) => this.tellAll({ ...user, type: 'user_terminated' }),
        happened: options.onEvent,
      },
    });
  }

  attach(owner: WorkerId, stream: Duplex): WorkerLink {
    const link: WorkerLink = new Link<PrimaryMessage, WorkerMessage>({
      stream,
      bounds: this.#options.bounds ?? BOUNDS,
      handler: {
        onMessage: (message) => this.#receive(owner, link, message),
        onTopicMessage: (frame) => this.#route(owner, frame),
        onRead: () => this.#options.others?.flush(),
        onClose: (error) => {
          if (error === undefined) return;
          const cause = error.stack ?? error.message;
          this.#options.log.error('the local bus to a worker broke', { owner, error: cause });
        },
        onStuck: () => {
          this.#links.delete(owner);
          this.#options.onStuck(owner);
        },
      },
    });
    this.#links.set(owner, link);
    this.#passedOn.set(owner, new Set());
    return link;
  }

  /** The worker has died; what it held is taken out, with all consequences. */
  detach(owner: WorkerId): void {
    this.#links.delete(owner);
    for (const topic of this.#router.dropOwner(owner)) this.#interest.leave(topic);
    this.#registry.dropOwner(owner);
    this.#passedOn.delete(owner);
    // A sender that never asks would keep it for ever.
    for (const owners of this.#passedOn.values()) owners.delete(owner);
    this.#unresponsive.delete(owner);
    for (const asked of this.#asked) {
      if (asked.owner === owner) asked.giveUp();
    }
  }

  isThere(event: DomainEvent): boolean {
    const { appId, channel } = event;
    if ('userId' in event) return this.#registry.users(appId, channel).some((userId) => userId === event.userId);
    return this.#registry.summaries(appId, [channel]).some(({ subscriptions }) => subscriptions > 0);
  }

  /** How many channels each app has, by kind. */
  channelCounts(): ReadonlyMap<string, CountByKind> {
    return this.#registry.channelCounts();
  }

  /** How long, in milliseconds, a question takes to each worker and back; without those that do not answer in time. */
  async roundTrips(): Promise<Map<WorkerId, number>> {
    const times = new Map<WorkerId, number>();
    const asked = [...this.#links].map(async ([owner, link]) => {
      const startedAt = performance.now();
      const answer = await this.#ask(owner, link, { question: { type: 'echo' }, timeoutMs: ANSWER_TIMEOUT_MS });
      if (answer !== NO_ANSWER) times.set(owner, performance.now() - startedAt);
    });
    await Promise.all(asked);
    return times;
  }

  tell(owner: WorkerId, message: PrimaryMessage): void {
    this.#links.get(owner)?.tell(message);
  }

  tellAll(message: PrimaryMessage): void {
    for (const link of this.#links.values()) link.tell(message);
  }

  /** Lets go of all workers; each ends when it sees that. */
  endAll(): void {
    for (const link of this.#links.values()) link.end();
  }

  /** Asks every worker; one that dies or does not answer in time is left out. */
  async askAll(question: PrimaryQuestion, timeoutMs: number = ANSWER_TIMEOUT_MS): Promise<Map<WorkerId, unknown>> {
    const answers = new Map<WorkerId, unknown>();
    const asked = [...this.#links].map(async ([owner, link]) => {
      const answer = await this.#ask(owner, link, { question, timeoutMs });
      if (answer !== NO_ANSWER) answers.set(owner, answer);
    });
    await Promise.all(asked);
    return answers;
  }

  /** Asks one worker; `false` if it died, or did not answer in time. */
  async askOne(owner: WorkerId, question: PrimaryQuestion, timeoutMs: number): Promise<boolean> {
    const link = this.#links.get(owner);
    return link !== undefined && (await this.#ask(owner, link, { question, timeoutMs })) !== NO_ANSWER;
  }

  /** Lets go of one worker; it ends when it sees that. */
  end(owner: WorkerId): void {
    this.#links.get(owner)?.end();
  }

  #ask(owner: WorkerId, link: WorkerLink, { question, timeoutMs }: Question): Promise<unknown> {
    return new Promise((resolve) => {
      const settle = (answer: unknown): void => {
        clearTimeout(timer);
        this.#asked.delete(entry);
        resolve(answer);
      };
      const giveUp = (): void => {
        asked.forget();
        settle(NO_ANSWER);
      };
      const entry = { owner, giveUp };
      const timer = setTimeout(giveUp, timeoutMs);
      this.#asked.add(entry);
      const asked = link.ask(question, settle);
    });
  }

  /** Waits until the workers that were given messages of this one have taken them up. */
  async #takenUp(sender: WorkerId): Promise<void> {
    const owners = this.#passedOn.get(sender);
    if (owners === undefined || owners.size === 0) return;
    this.#passedOn.set(sender, new Set());
    await Promise.all([...owners].map((owner) => this.#echo(owner)));
  }

  /** A worker that owes an answer too long is not waited for again until it has given one. */
  async #echo(owner: WorkerId): Promise<void> {
    const link = this.#links.get(owner);
    if (link === undefined || this.#unresponsive.has(owner)) return;
    const answer = await this.#ask(owner, link, { question: { type: 'echo' }, timeoutMs: ECHO_TIMEOUT_MS });
    if (answer !== NO_ANSWER || this.#links.get(owner) !== link) return;
    this.#unresponsive.add(owner);
    link.ask({ type: 'echo' }, () => this.#unresponsive.delete(owner));
  }

  /**
   * Workers tell counts a little late, but before anything else that they say: what the asker has counted came with its
   * question, and the others are asked. So a client that was told of its subscription is counted, whichever worker is asked.
   */
  #afterCounts(asker: WorkerId, then: () => void): void {
    const others = [...this.#links.keys()].filter((owner) => owner !== asker);
    if (others.length === 0) then();
    else void Promise.all(others.map((owner) => this.#echo(owner))).then(then);
  }

  #route(sender: WorkerId, frame: Buffer): void {
    let copy: Buffer | null = null;
    const passedOn = this.#passedOn.get(sender);
    const topic = topicOf(frame);
    for (const owner of this.#router.interested(topic)) {
      const link = this.#links.get(owner);
      if (owner === sender || link === undefined) continue;
      // A view keeps the whole chunk that it came in; what has to wait must not.
      if (link.queuedBytes > COPY_ABOVE_BYTES) link.write((copy ??= Buffer.from(frame)));
      else link.write(frame);
      passedOn?.add(owner);
    }
    this.#options.others?.gather(topic, messageOf(frame));
  }

  /** What passes between this node's registry and those of others; null: there are no others. */
  get replication(): Replication | null {
    return this.#registry.replication;
  }

  /** A message that another node published. */
  deliver(topic: string, message: Buffer): void {
    const owners = this.#router.interested(topic);
    if (owners.size === 0) return;
    const frame = encodeTopicMessage(topic, message);
    for (const owner of owners) this.#links.get(owner)?.write(frame);
  }

  #tellSome(owners: ReadonlySet<WorkerId>, message: PrimaryMessage): void {
    for (const owner of owners) this.tell(owner, message);
  }

  #receive(owner: WorkerId, link: WorkerLink, message: WorkerMessage): void {
    // The end of a process is often known before the last that it wrote is read: taken up, that would never be dropped again.
    if (this.#links.get(owner) !== link) return;
    switch (message.type) {
      case 'ask':
        this.#answer(owner, message.question, (answer) => link.answer(message.id, answer));
        return;
      case 'counts':
        for (const report of message.reports) this.#registry.count(owner, report);
        return;
      case 'keep':
        this.#registry.keep(message);
        return;
      case 'user_joined':
        this.#registry.userJoined(owner, { appId: message.appId, userId: message.userId });
        return;
      case 'user_left':
        this.#registry.userLeft(owner, { appId: message.appId, userId: message.userId });
        return;
      case 'unwatch':
        this.#registry.unwatch(owner, message.appId, message.userIds);
        return;
      case 'leave_topic':
        if (this.#router.leave(owner, message.topic)) this.#interest.leave(message.topic);
        return;
      case 'leave_presence':
        this.#registry.leave(owner, message);
        return;
      case 'hold':
        this.#registry.hold(owner, message.slotName, message.connections);
        return;
      case 'release':
        this.#registry.release(owner, message.slotName);
        return;
      case 'terminate_user':
        this.#registry.terminateUser({ appId: message.appId, userId: message.userId });
        return;
      case 'emit':
        this.#registry.emit(message.event);
        return;
      case 'prepared':
        this.#options.onPrepared(owner);
        return;
      case 'listening':
        this.#options.onListening(owner);
        return;
      case 'failed':
        this.#options.onFailed(owner, message.message);
        return;
      default:
        assertNever(message);
    }
  }

  #answer(owner: WorkerId, question: WorkerQuestion, reply: (answer: unknown) => void): void {
    const registry = this.#registry;
    /** So that the compiler holds each answer to its question. */
    const answer = <Asked extends WorkerQuestion>(_asked: Asked, given: AnswerTo<Asked>): void => reply(given);
    switch (question.type) {
      case 'join_topic':
        this.#router.join(owner, question.topic);
        this.#interest.join(question.topic, () => answer(question, null));
        return;
      case 'taken_up':
        void this.#takenUp(owner).then(() => answer(question, null));
        return;
      case 'join_presence':
        registry.join(owner, question, (list) => answer(question, list));
        return;
      case 'acquire':
        answer(question, registry.acquire(owner, question));
        return;
      case 'take':
        answer(question, registry.take(question));
        return;
      case 'channels':
        this.#afterCounts(owner, () => answer(question, registry.channels(question.appId, question.prefix)));
        return;
      case 'summaries':
        this.#afterCounts(owner, () => answer(question, registry.summaries(question.appId, question.channels)));
        return;
      case 'kept':
        answer(question, registry.kept(question.appId, question.channel));
        return;
      case 'watch':
        answer(question, registry.watch(owner, question.appId, question.userIds));
        return;
      case 'users':
        answer(question, registry.users(question.appId, question.channel));
        return;
      default:
        assertNever(question);
    }
  }
}
