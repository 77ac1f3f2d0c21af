import type {
  ChannelSummary,
  CountReport,
  DomainEvent,
  JoinAnswer,
  KeepRequest,
  KeptEvent,
  PresenceJoin,
  RateAnswer,
  RateRequest,
  Registry,
  Slot,
  UserRef,
} from '@sluice/core';
import type { Link } from '../bus/link.ts';
import type { AnswerTo, PrimaryMessage, WorkerMessage, WorkerQuestion } from '../bus/messages.ts';
import { CountBatch } from './count-batch.ts';

/**
 * How late the primary may hear of counts that are not announced. In a storm of clients each turn of the event loop changes some, and a message for
 * each turn was a fifth of what a connection cost. Whoever asks the primary for counts gets those held back too (LocalHub).
 */
const COUNT_DELAY_MS = 10;

/** The registry as a worker reaches it: kept by the primary, told and asked over the local bus. */
export class BusRegistry implements Registry {
  readonly #link: Link<WorkerMessage, PrimaryMessage>;
  readonly #counts = new CountBatch();
  readonly #takeCounts = (): WorkerMessage => ({ type: 'counts', reports: this.#counts.take() });

  constructor(link: Link<WorkerMessage, PrimaryMessage>) {
    this.#link = link;
  }

  acquire(slot: Slot): Promise<boolean> {
    return this.#ask({ type: 'acquire', ...slot });
  }

  hold(slotName: string, connections: number): void {
    this.#link.tell({ type: 'hold', slotName, connections });
  }

  release(slotName: string): void {
    this.#link.tell({ type: 'release', slotName });
  }

  count(report: CountReport): void {
    if (this.#counts.isEmpty) this.#link.tellLate(this.#takeCounts, COUNT_DELAY_MS);
    this.#counts.add(report);
    // Clients and webhooks are told of each.
    if (report.announce) this.#link.tellSoon();
  }

  keep(request: KeepRequest): void {
    this.#link.tell({ type: 'keep', ...request });
  }

  kept(appId: string, channel: string, answered: (kept: KeptEvent | null) => void): void {
    this.#askThen({ type: 'kept', appId, channel }, answered);
  }

  userJoined(user: UserRef): void {
    this.#link.tell({ type: 'user_joined', ...user });
  }

  userLeft(user: UserRef): void {
    this.#link.tell({ type: 'user_left', ...user });
  }

  watch(appId: string, userIds: readonly string[], answered: (online: readonly string[]) => void): void {
    this.#askThen({ type: 'watch', appId, userIds }, answered);
  }

  unwatch(appId: string, userIds: readonly string[]): void {
    this.#link.tell({ type: 'unwatch', appId, userIds });
  }

  join(request: PresenceJoin, answered: (answer: JoinAnswer) => void): void {
    this.#askThen({ type: 'join_presence', ...request }, answered);
  }

  leave(appId: string, channel: string, userId: string): void {
    this.#link.tell({ type: 'leave_presence', appId, channel, userId });
  }

  channels(appId: string, prefix: string): Promise<readonly ChannelSummary[]> {
    return this.#ask({ type: 'channels', appId, prefix });
  }

  summaries(appId: string, channels: readonly string[]): Promise<readonly ChannelSummary[]> {
    return this.#ask({ type: 'summaries', appId, channels });
  }

  users(appId: string, channel: string): Promise<readonly string[]> {
    return this.#ask({ type: 'users', appId, channel });
  }

  terminateUser(user: UserRef): void {
    this.#link.tell({ type: 'terminate_user', ...user });
  }

  emit(event: DomainEvent): void {
    this.#link.tell({ type: 'emit', event });
  }

  take(request: RateRequest): Promise<RateAnswer> {
    return this.#ask({ type: 'take', ...request });
  }

  #ask<Question extends WorkerQuestion>(question: Question): Promise<AnswerTo<Question>> {
    return new Promise((resolve) => this.#askThen(question, resolve));
  }

  #askThen<Question extends WorkerQuestion>(question: Question, answered: (answer: AnswerTo<Question>) => void): void {
    // The primary answers each question with the type that WorkerAnswers says (LocalHub.#answer).
    this.#link.ask(question, (answer) => answered(answer as AnswerTo<Question>));
  }
}
