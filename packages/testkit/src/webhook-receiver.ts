import type { ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { misbehave, type Misconduct, type ReceivedCall, Receiver } from './receiver.ts';

/** How a call is answered: with a status, or wrongly. */
export type WebhookAnswer = number | Misconduct;

export interface ReceivedEvent {
  readonly name: string;
  readonly channel: string;
  readonly [member: string]: unknown;
}

/** An endpoint for webhooks. */
export class WebhookReceiver extends Receiver<WebhookAnswer> {
  static start(t: TestContext): Promise<WebhookReceiver> {
    return new WebhookReceiver(200).listen(t);
  }

  get url(): string {
    return `${this.origin}/hooks`;
  }

  /** Calls that were answered with 2xx. */
  get accepted(): ReceivedCall<WebhookAnswer>[] {
    return this.calls.filter(({ answer }) => (typeof answer === 'string' ? answer.endsWith('body') : answer < 300));
  }

  /** What those told, in order. */
  get events(): ReceivedEvent[] {
    return this.accepted.flatMap((call) => eventsOfCall(call));
  }

  /** Such as `channel_occupied a`. */
  get told(): string[] {
    return this.events.map(({ name, channel }) => `${name} ${channel}`);
  }

  protected override give({ answer }: ReceivedCall<WebhookAnswer>, response: ServerResponse): void {
    if (typeof answer === 'string') {
      misbehave(answer, response);
      return;
    }
    if (answer === 301) response.setHeader('Location', '/elsewhere');
    response.writeHead(answer).end(answer === 204 ? undefined : 'noted');
  }
}

export function eventsOfCall({ body }: ReceivedCall): ReceivedEvent[] {
  return (JSON.parse(body) as { events: ReceivedEvent[] }).events;
}
