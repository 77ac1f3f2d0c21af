import type { InvokeCommand, LambdaClient, LambdaClientConfig } from '@aws-sdk/client-lambda';
import { type Call, type Caller, type Failure, failureOf } from './call.ts';
import { ownHeaders, signedHeaders } from './headers.ts';
import type { LambdaDestination, WebhookApp } from './webhook.ts';

/** The only words of an answer that a reason may hold: names such as `TooManyRequestsException`. */
const EXCEPTION = /^\w{1,64}Exception$/;

interface Sdk {
  readonly client: LambdaClient;
  readonly Command: typeof InvokeCommand;
}

/**
 * Invokes a function of AWS Lambda. It gets what soketi documents for its own ("AWS Lambda trigger"): `payload`, the body as an
 * object, and `headers`, those of a call over HTTP. The text of `payload` is the body itself, so a function that
 * stringifies it again has the bytes that were signed.
 */
export class LambdaCaller implements Caller {
  readonly logFields: { readonly function: string; readonly region: string };
  readonly #destination: LambdaDestination;
  readonly #headers: Readonly<Record<string, string>>;
  #sdk: Promise<Sdk> | null = null;

  constructor(destination: LambdaDestination, headers: Readonly<Record<string, string>>) {
    this.logFields = { function: destination.functionName, region: destination.region };
    this.#destination = destination;
    this.#headers = ownHeaders(headers);
  }

  prepare(app: WebhookApp, body: string): Call {
    const headers = JSON.stringify(signedHeaders(this.#headers, app, body));
    const payload = new TextEncoder().encode(`{"payload":${body},"headers":${headers}}`);
    return ({ signal }) => this.#invoke(payload, signal);
  }

  async #invoke(payload: Uint8Array, signal: AbortSignal): Promise<Failure | null> {
    this.#sdk ??= loadSdk(this.#destination);
    const { client, Command } = await this.#sdk;
    signal.throwIfAborted();
    const { functionName: FunctionName, invocationType: InvocationType } = this.#destination;
    const command = new Command({ FunctionName, InvocationType, Payload: payload });
    try {
      // Reads the whole answer, of which Lambda makes no more than 6 MB.
      const sent = client.send(command, { abortSignal: signal });
      const { FunctionError } = await Promise.race([sent, abortionOf(signal)]);
      return FunctionError === undefined ? null : { reason: 'the function failed', isTooLarge: false };
    } catch (error) {
      const failure = answeredWith(error);
      if (failure === undefined) throw error;
      return failure;
    }
  }
}

/** With the first call of a target: servers without functions are spared the time and memory that the SDK takes (README). */
async function loadSdk({ region, endpoint, credentials }: LambdaDestination): Promise<Sdk> {
  const { LambdaClient, InvokeCommand } = await import('@aws-sdk/client-lambda');
  const config: LambdaClientConfig = { region, maxAttempts: 1 };
  if (endpoint !== null) config.endpoint = endpoint;
  if (credentials !== null) config.credentials = credentials;
  return { client: new LambdaClient(config), Command: InvokeCommand };
}

/** The SDK does not look at the signal while it asks for credentials, which off AWS may take many seconds. */
function abortionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
}

/** `undefined`: there was no answer. */
function answeredWith(error: unknown): Failure | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined;
  const { httpStatusCode: status } = error.$metadata as { readonly httpStatusCode?: number };
  if (status === undefined) return undefined;
  return failureOf(status, EXCEPTION.test(error.name) ? ` (${error.name})` : '');
}
