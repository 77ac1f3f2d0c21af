import type {
  ChannelSummary,
  CountReport,
  DomainEvent,
  JoinAnswer,
  KeepRequest,
  KeptEvent,
  MemberAdded,
  MemberRemoved,
  PresenceJoin,
  RateAnswer,
  RateRequest,
  Slot,
  SubscriptionCount,
  UserRef,
} from '@sluice/core';

/** What a worker asks the primary; the members beside `type` are those of the port's request. */
export type WorkerQuestion =
  | { readonly type: 'join_topic'; readonly topic: string }
  /** Answered when everything that the worker published before has been taken up by the others. */
  | { readonly type: 'taken_up' }
  | ({ readonly type: 'join_presence' } & PresenceJoin)
  | ({ readonly type: 'acquire' } & Slot)
  | ({ readonly type: 'take' } & RateRequest)
  | { readonly type: 'channels'; readonly appId: string; readonly prefix: string }
  | { readonly type: 'summaries'; readonly appId: string; readonly channels: readonly string[] }
  | { readonly type: 'kept'; readonly appId: string; readonly channel: string }
  | { readonly type: 'watch'; readonly appId: string; readonly userIds: readonly string[] }
  | { readonly type: 'users'; readonly appId: string; readonly channel: string };

/** The answer to each question. */
interface WorkerAnswers {
  readonly join_topic: null;
  readonly taken_up: null;
  readonly join_presence: JoinAnswer;
  readonly acquire: boolean;
  readonly take: RateAnswer;
  readonly channels: readonly ChannelSummary[];
  readonly summaries: readonly ChannelSummary[];
  readonly kept: KeptEvent | null;
  readonly watch: readonly string[];
  readonly users: readonly string[];
}

export type AnswerTo<Question extends WorkerQuestion> = WorkerAnswers[Question['type']];

/** What a worker tells the primary. */
export type WorkerMessage =
  | { readonly type: 'ask'; readonly id: number; readonly question: WorkerQuestion }
  /** It could listen; whether it may is for the primary to say. */
  | { readonly type: 'prepared' }
  | { readonly type: 'listening' }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'leave_topic'; readonly topic: string }
  | { readonly type: 'counts'; readonly reports: readonly CountReport[] }
  | ({ readonly type: 'keep' } & KeepRequest)
  | ({ readonly type: 'user_joined' | 'user_left' } & UserRef)
  | { readonly type: 'unwatch'; readonly appId: string; readonly userIds: readonly string[] }
  | { readonly type: 'leave_presence'; readonly appId: string; readonly channel: string; readonly userId: string }
  | { readonly type: 'hold'; readonly slotName: string; readonly connections: number }
  | { readonly type: 'release'; readonly slotName: string }
  | ({ readonly type: 'terminate_user' } & UserRef)
  | { readonly type: 'emit'; readonly event: DomainEvent };

/** What the primary asks a worker. */
export type PrimaryQuestion =
  /** Only to be answered: that shows that everything sent before has been taken up. */
  | { readonly type: 'echo' }
  /** The worker's metrics, in prom-client's JSON form. */
  | { readonly type: 'metrics' }
  /** Stop listening; answered when no new connection can come. */
  | { readonly type: 'quiesce' }
  /** Close all clients over the window and finish open requests; answered when all have gone. */
  | { readonly type: 'close_clients'; readonly windowMs: number };

/** What a worker is told first. */
export interface WorkerStart {
  /** Number of the worker's place, from 0; a replacement takes over the place. */
  readonly slot: number;
  /** Whether other workers or nodes exist that could want a message. */
  readonly hasPeers: boolean;
  /** The configuration; its form is the program's business. */
  readonly settings: unknown;
}

/** What the primary tells a worker. */
export type PrimaryMessage =
  | ({ readonly type: 'configure' } & WorkerStart)
  | { readonly type: 'ask'; readonly id: number; readonly question: PrimaryQuestion }
  /** Take connections. Answered with `listening` or `failed`. */
  | { readonly type: 'listen' }
  /** Health checks say "not ready" from now on. */
  | { readonly type: 'draining' }
  /** The connection between the nodes is lost, or there again. */
  | { readonly type: 'nodes_parted' | 'nodes_met' }
  /** The configuration has changed while the server runs. */
  | { readonly type: 'reconfigure'; readonly settings: unknown }
  | ({ readonly type: 'member_added' } & MemberAdded)
  | ({ readonly type: 'member_removed' } & MemberRemoved)
  | ({ readonly type: 'subscription_count' } & SubscriptionCount)
  | ({ readonly type: 'user_online' | 'user_offline' | 'user_terminated' } & UserRef);
