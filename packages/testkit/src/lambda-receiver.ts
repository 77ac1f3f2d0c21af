import type { ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { isSignedBy, regionOf } from './aws-signature.ts';
import { misbehave, type Misconduct, type ReceivedCall, Receiver } from './receiver.ts';
import type { ReceivedEvent } from './webhook-receiver.ts';

/** How an invocation ends: well, with an error of the function, with a status of Lambda's own, or wrongly. */
export type LambdaAnswer = 'done' | 'function error' | number | Misconduct;

export interface Invocation {
  readonly functionName: string;
  readonly type: string;
  /** The one that the call was signed for. */
  readonly region: string | undefined;
  /** Whether the right credentials signed it. */
  readonly isAuthentic: boolean;
  readonly payload: { readonly time_ms: number; readonly events: readonly ReceivedEvent[] };
  readonly headers: Readonly<Record<string, string>>;
}

const PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

const EXCEPTIONS: Readonly<Record<number, string>> = {
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  413: 'RequestTooLargeException',
  429: 'TooManyRequestsException',
  500: 'ServiceException',
};

/** The part of AWS Lambda that invokes functions, as its API reference ("Invoke") has it. */
export class LambdaReceiver extends Receiver<LambdaAnswer> {
  readonly credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'the-hidden-access-key' };

  static start(t: TestContext): Promise<LambdaReceiver> {
    return new LambdaReceiver('done').listen(t);
  }

  get invocations(): Invocation[] {
    return this.calls.map((call) => this.#invocationOf(call));
  }

  /** What was told by the invocations that went well. */
  get events(): ReceivedEvent[] {
    const done = this.calls.filter(({ answer }) => answer === 'done');
    return done.flatMap((call) => this.#invocationOf(call).payload.events);
  }

  /** Such as `channel_occupied a`. */
  get told(): string[] {
    return this.events.map(({ name, channel }) => `${name} ${channel}`);
  }

  protected override give({ answer, headers }: ReceivedCall<LambdaAnswer>, response: ServerResponse): void {
    if (answer === 'done' || answer === 'function error') {
      const isEvent = headers['x-amz-invocation-type'] === 'Event';
      if (answer === 'function error') response.setHeader('X-Amz-Function-Error', 'Unhandled');
      response.writeHead(isEvent ? 202 : 200).end(isEvent ? undefined : '{"from":"the function"}');
    } else if (typeof answer === 'number') {
      const name = EXCEPTIONS[answer];
      if (name !== undefined) response.setHeader('X-Amzn-ErrorType', name);
      response.writeHead(answer).end(name === undefined ? 'no answer of Lambda' : '{"Message":"in words"}');
    } else misbehave(answer, response);
  }

  #invocationOf(call: ReceivedCall<LambdaAnswer>): Invocation {
    const [, name] = PATH.exec(call.url) ?? [];
    if (call.method !== 'POST' || name === undefined) throw new Error(`not an invocation: ${call.method} ${call.url}`);
    const { payload, headers } = JSON.parse(call.body) as Pick<Invocation, 'payload' | 'headers'>;
    return {
      functionName: decodeURIComponent(name),
      type: String(call.headers['x-amz-invocation-type']),
      region: regionOf(call),
      isAuthentic: isSignedBy(this.credentials, call),
      payload,
      headers,
    };
  }
}
