import type { AwsCredentials, LambdaDestination, WebhookTarget } from '@sluice/webhooks';
import { quote } from './problem.ts';
import type { LambdaRecord, WebhookRecord } from './webhook-fields.ts';
import { regionOfArn } from './webhook-formats.ts';

/** That of Sockudo and soketi. */
const DEFAULT_REGION = 'us-east-1';

interface DestinationProblem {
  /** Within the webhook; empty: the webhook as a whole. */
  readonly field: string;
  readonly found: string;
  readonly expected: string;
}

/** Why fields that are right one by one do not say where events go; `undefined`: they do. */
export function destinationProblem(webhook: WebhookRecord): DestinationProblem | undefined {
  const { url, lambda, lambda_function: legacyName } = webhook;
  const name = functionNameOf(webhook);
  if (url !== null) {
    if (lambda === null && legacyName === null) return undefined;
    const field = lambda === null ? 'lambda_function' : 'lambda';
    return { field, found: 'both', expected: 'url or lambda; to tell both, list two webhooks' };
  }
  if (name === null) {
    return lambda === null
      ? { field: '', found: 'neither', expected: 'url or lambda, to say where events go' }
      : { field: 'lambda.function_name', found: 'nothing', expected: 'the name or ARN of the function' };
  }
  if (legacyName !== null && legacyName !== name) {
    return {
      field: 'lambda_function',
      found: quote(legacyName),
      expected: 'the same as lambda.function_name, or nothing',
    };
  }
  return lambda === null ? undefined : regionProblem(lambda, name);
}

function regionProblem(
  { region, client_options: options }: LambdaRecord,
  name: string,
): DestinationProblem | undefined {
  const ofArn = regionOfArn(name);
  const right = ofArn ?? region ?? options.region;
  const stated = { 'lambda.region': region, 'lambda.client_options.region': options.region };
  for (const [field, one] of Object.entries(stated)) {
    if (one === null || one === right) continue;
    const by = ofArn === undefined ? 'lambda.region' : 'the ARN of the function';
    return { field, found: quote(one), expected: `${right}, as ${by} says, or nothing` };
  }
  return undefined;
}

/** Of a webhook without a problem. */
export function toTarget(webhook: WebhookRecord): WebhookTarget {
  const { url, event_types: eventTypes, filter, headers } = webhook;
  return {
    destination: url === null ? toLambda(webhook) : { kind: 'http', url },
    eventTypes,
    filter: { prefix: filter.channel_prefix, suffix: filter.channel_suffix, pattern: filter.channel_pattern },
    headers,
  };
}

function toLambda(webhook: WebhookRecord): LambdaDestination {
  const functionName = functionNameOf(webhook) ?? '';
  const { region, async = true, client_options: options } = webhook.lambda ?? {};
  return {
    kind: 'lambda',
    functionName,
    region: regionOfArn(functionName) ?? region ?? options?.region ?? DEFAULT_REGION,
    invocationType: async ? 'Event' : 'RequestResponse',
    endpoint: options?.endpoint ?? null,
    credentials: toCredentials(options?.credentials ?? null),
  };
}

function toCredentials(given: LambdaRecord['client_options']['credentials']): AwsCredentials | null {
  if (given === null) return null;
  const { sessionToken, ...others } = given;
  return sessionToken === '' ? others : { ...others, sessionToken };
}

function functionNameOf({ lambda, lambda_function: legacyName }: WebhookRecord): string | null {
  return lambda?.function_name ?? legacyName;
}
