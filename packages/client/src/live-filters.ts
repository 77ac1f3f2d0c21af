import type { ChannelRules } from './channel-rules.ts';

interface Live {
  /** As JSON; what the server was last asked for. */
  filter: string;
  /** Until the server has confirmed the subscription, it would refuse another filter for it. */
  isConfirmed: boolean;
}

const NONE = 'null';

/** The filters of one connection's subscriptions; where the rules have come to say another, the server is told so. */
export class LiveFilters {
  readonly #rules: ChannelRules;
  readonly #send: (text: string) => void;
  readonly #live = new Map<string, Live>();

  constructor(rules: ChannelRules, send: (text: string) => void) {
    this.#rules = rules;
    this.#send = send;
  }

  /** `own`: the filter that the client library itself asked for, which no rule changes. */
  asked(channel: string, own: unknown): void {
    if (own === undefined) this.#live.set(channel, { filter: this.#wanted(channel), isConfirmed: false });
    else this.#live.delete(channel);
  }

  confirmed(channel: string): void {
    const live = this.#live.get(channel);
    if (live === undefined) return;
    live.isConfirmed = true;
    this.#update(channel, live);
  }

  ended(channel: string): void {
    this.#live.delete(channel);
  }

  /** After the rules have changed. */
  update(): void {
    for (const [channel, live] of this.#live) if (live.isConfirmed) this.#update(channel, live);
  }

  #update(channel: string, live: Live): void {
    const wanted = this.#wanted(channel);
    if (wanted === live.filter) return;
    live.filter = wanted;
    this.#send(`{"event":"pusher:change_filter","data":{"channel":${JSON.stringify(channel)},"filter":${wanted}}}`);
  }

  #wanted(channel: string): string {
    const filter = this.#rules.of(channel)?.filter;
    return filter === undefined ? NONE : JSON.stringify(filter);
  }
}
