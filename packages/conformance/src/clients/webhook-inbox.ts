import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Transcript } from '../transcript.ts';
import { objectOf } from './frames.ts';
import type { WebhookAnswer, WebhookCall, WebhookListener } from './webhook-receiver.ts';

/** Longest a row waits for a webhook: a departure that is held, a batch, and what waits before it. */
const WAIT_MS = 15_000;
const POLL_MS = 10;

/** One event of a call. */
export type Told = Readonly<Record<string, unknown>>;

/** A call of which at least one event is about a channel of the row. */
export interface InboxCall extends WebhookCall {
  /** All of its events, those of other rows too. */
  readonly events: readonly Told[];
  readonly answer: WebhookAnswer;
}

export interface WebhookInboxOptions {
  /** What the names of all channels of the row have in them. */
  readonly mark: string;
  /** Calls to other paths are not the row's; null: any path. */
  readonly path: string | null;
  readonly transcript: Transcript;
}

/** What one row is told by webhooks. */
export class WebhookInbox implements WebhookListener {
  /** Refused ones too, in the order they came. */
  readonly calls: InboxCall[] = [];
  /** Events of calls that were answered with 2xx, which nothing has taken. */
  readonly events: Told[] = [];
  /** What the next calls are answered with, one after the other. */
  readonly answers: WebhookAnswer[] = [];
  /** What those after them are answered with. */
  laterAnswer: WebhookAnswer = 200;
  readonly #options: WebhookInboxOptions;

  constructor(options: WebhookInboxOptions) {
    this.#options = options;
  }

  answerTo(call: WebhookCall): WebhookAnswer | undefined {
    return this.#isMine(call) ? (this.answers.shift() ?? this.laterAnswer) : undefined;
  }

  called(call: WebhookCall, answer: WebhookAnswer): void {
    if (!this.#isMine(call)) return;
    this.#options.transcript.add('hook', `← ${call.method} ${call.path} ${call.body.toString()} answered ${answer}`);
    const events = eventsIn(call);
    this.calls.push({ ...call, events, answer });
    if (isAccepted(answer)) this.events.push(...events.filter((event) => this.#isAbout(event)));
  }

  /** Takes the oldest event. */
  async next(what = 'a webhook'): Promise<Told> {
    return this.until(what, () => this.events.shift());
  }

  /** Takes the oldest event, which has to be this one, and no more than this. */
  async expect(expected: Told): Promise<void> {
    assert.deepEqual(await this.next(JSON.stringify(expected)), expected);
  }

  /** Takes as many events as these, which they have to be, in any order. */
  async expectAll(expected: readonly Told[]): Promise<void> {
    const missing = [...expected];
    while (missing.length > 0) {
      const event = await this.next(JSON.stringify(missing));
      const at = missing.findIndex((each) => isDeepStrictEqual(each, event));
      assert.notEqual(at, -1, `told ${JSON.stringify(event)}, but expected ${JSON.stringify(missing)}`);
      missing.splice(at, 1);
    }
  }

  /** Waits until so many calls have come. */
  async untilCalls(count: number, withinMs?: number): Promise<readonly InboxCall[]> {
    return this.until(
      `${count} calls`,
      () => (this.calls.length >= count ? this.calls.slice(0, count) : undefined),
      withinMs,
    );
  }

  async until<T>(what: string, condition: () => T | undefined, withinMs = WAIT_MS): Promise<T> {
    const endsAt = performance.now() + withinMs;
    for (;;) {
      const value = condition();
      if (value !== undefined) return value;
      if (performance.now() > endsAt) throw new Error(`the receiver waited ${withinMs} ms in vain for ${what}`);
      await sleep(POLL_MS);
    }
  }

  #isMine(call: WebhookCall): boolean {
    const { path } = this.#options;
    return (path === null || call.path === path) && eventsIn(call).some((event) => this.#isAbout(event));
  }

  #isAbout({ channel }: Told): boolean {
    return typeof channel === 'string' && channel.includes(this.#options.mark);
  }
}

function isAccepted(answer: WebhookAnswer): boolean {
  return typeof answer === 'number' && answer >= 200 && answer < 300;
}

/** The body, which has to be a JSON object. */
export function bodyOf({ body }: WebhookCall): Readonly<Record<string, unknown>> {
  return objectOf(JSON.parse(body.toString()), 'the body of a webhook');
}

/** None in a body that is not as Pusher's; a row waits for its events in vain then. */
function eventsIn(call: WebhookCall): Told[] {
  try {
    const { events } = bodyOf(call);
    return Array.isArray(events) ? events.map((event) => objectOf(event, 'an event')) : [];
  } catch {
    return [];
  }
}
