import {
  type CountReport,
  type KeepRequest,
  type MemberRemoved,
  topicOf,
  type Transition,
  type UserRef,
} from '@sluice/core';
import type { Member } from '@sluice/protocol';
import type { Change } from './change.ts';
import { ChangeTexts, encodeChanges } from './change-codec.ts';
import type { ChannelRef } from './directory.ts';
import type { HereListener } from './merged-state.ts';
import type { KeepStamp } from './event-cache.ts';

export interface ChangeStreamOptions {
  /** A message for all other nodes. */
  readonly onChange: (message: Buffer) => void;
  readonly countHere: (channel: ChannelRef) => CountReport;
  readonly slotsHere: (name: string) => number;
}

/** With what a message takes, everybody knows a number 100 ms after it changed. */
const COUNT_DELAY_MS = 50;

/**
 * What other nodes are told of this one, in numbered messages. Members and users go out with the end of the turn in which
 * they changed, in the order in which they did; of a number of subscribers or slots the newest every {@link COUNT_DELAY_MS}.
 */
export class ChangeStream implements HereListener {
  readonly #options: ChangeStreamOptions;
  readonly #texts: ChangeTexts;
  readonly #counts = new Map<string, ChannelRef>();
  readonly #slots = new Set<string>();
  #version = 0;
  #turnEnd: NodeJS.Immediate | null = null;
  #countTimer: NodeJS.Timeout | null = null;

  constructor(options: ChangeStreamOptions) {
    this.#options = options;
    this.#texts = new ChangeTexts((texts) => options.onChange(encodeChanges(++this.#version, texts)));
  }

  /** The number of the last message. */
  get version(): number {
    return this.#version;
  }

  countChanged({ appId, channel }: ChannelRef): void {
    this.#counts.set(topicOf(appId, channel), { appId, channel });
    this.#countTimer ??= setTimeout(() => this.#tellCounts(), COUNT_DELAY_MS).unref();
  }

  slotsChanged(name: string): void {
    this.#slots.add(name);
    this.#countTimer ??= setTimeout(() => this.#tellCounts(), COUNT_DELAY_MS).unref();
  }

  memberJoined({ appId, channel }: ChannelRef, member: Member): void {
    this.#tell({ type: 'joined', appId, channel, member });
  }

  memberLeft(event: MemberRemoved): void {
    this.#tell({ ...event, type: 'left' });
  }

  userJoined(user: UserRef): void {
    this.#tell({ ...user, type: 'user_joined' });
  }

  userLeft(user: UserRef): void {
    this.#tell({ ...user, type: 'user_left' });
  }

  kept(request: KeepRequest, stamp: KeepStamp): void {
    this.#tell({ ...request, ...stamp, type: 'keep' });
  }

  terminated(user: UserRef): void {
    this.#tell({ ...user, type: 'terminate' });
  }

  missed({ appId, channel }: ChannelRef): void {
    this.#tell({ type: 'missed', appId, channel });
  }

  shares(): void {
    this.#tell({ type: 'shares' });
  }

  leaves(): void {
    this.#tell({ type: 'leaves' });
  }

  owed(transitions: readonly Transition[]): void {
    this.#tell({ type: 'owed', transitions });
  }

  inherited(transition: Transition): void {
    this.#tell({ type: 'inherited', transition });
  }

  told(transition: Transition): void {
    this.#tell({ type: 'told', transition });
  }

  /** Sends what waits for the end of the turn, now. */
  flush(): void {
    if (this.#turnEnd !== null) clearImmediate(this.#turnEnd);
    this.#turnEnd = null;
    this.#texts.take();
  }

  /** Sends everything that waits. */
  flushAll(): void {
    if (this.#countTimer !== null) clearTimeout(this.#countTimer);
    this.#tellCounts();
  }

  #tell(change: Change): void {
    this.#texts.add(change);
    this.#turnEnd ??= setImmediate(() => this.flush());
  }

  #tellCounts(): void {
    this.#countTimer = null;
    for (const channel of this.#counts.values()) {
      this.#texts.add({ type: 'count', ...this.#options.countHere(channel) });
    }
    this.#counts.clear();
    for (const name of this.#slots) this.#texts.add({ type: 'slots', name, held: this.#options.slotsHere(name) });
    this.#slots.clear();
    this.flush();
  }
}
