import type { CountReport, MemberRemoved, Transition, UserRef } from '@sluice/core';
import type { Member } from '@sluice/protocol';
import type { ChannelRef } from './directory.ts';
import type { StampedEvent } from './event-cache.ts';

/** What a node tells the others about what its own workers have together. Each says what is, not by how much it changed. */
export type Change =
  | ({ readonly type: 'count' } & CountReport)
  | ({ readonly type: 'joined'; readonly member: Member } & ChannelRef)
  | ({ readonly type: 'left' } & MemberRemoved)
  | ({ readonly type: 'user_joined' | 'user_left' } & UserRef)
  | { readonly type: 'slots'; readonly name: string; readonly held: number }
  | ({ readonly type: 'keep' } & StampedEvent)
  /** Has the connections of the user closed. Not state: a snapshot has none of it. */
  | ({ readonly type: 'terminate' } & UserRef)
  /** A client found a cache channel empty. Not state: a snapshot has none of it. */
  | ({ readonly type: 'missed' } & ChannelRef)
  /** The node answers for channels from now on. */
  | { readonly type: 'shares' }
  /** The node is about to end, and answers for channels only where nobody else does. */
  | { readonly type: 'leaves' }
  /** The node has handed the transition to webhooks. */
  | { readonly type: 'told'; readonly transition: Transition }
  /** A node that has died had not told the transition, as far as this one has heard. */
  | { readonly type: 'inherited'; readonly transition: Transition }
  /** All that the node has seen, and not heard anybody tell. Said by one that serves: in snapshots, and to one that takes a share. */
  | { readonly type: 'owed'; readonly transitions: readonly Transition[] };
