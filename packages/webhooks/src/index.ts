export { headerProblem } from './headers.ts';
export type { BatchRules, FindApp, RetryRules, WebhookCounters, WebhooksOptions } from './options.ts';
export type {
  AwsCredentials,
  ChannelFilter,
  HttpDestination,
  LambdaDestination,
  WebhookApp,
  WebhookTarget,
} from './webhook.ts';
export { createWebhooks, type Webhooks } from './webhooks.ts';
