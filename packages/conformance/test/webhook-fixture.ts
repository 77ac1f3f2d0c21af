import type { Target, WebhookReceiver } from '../src/index.ts';

type Provides = Target['provides'];

/** Soon enough for a test, and long enough for a client that comes back. */
const HELD_MS = 1500;
const GIVEN_UP_SECONDS = 4;
/** Five of them, with the settings of the main server. */
const TRIES_MS = 15_000;
const PASSWORD = 'webhook-password';
const TOKEN = 'webhook-token';
const MAIN_PATH = '/main';
const BATCHED_PATH = '/batched';
const GIVEN_UP_PATH = '/given-up';
const DURABLE_PATH = '/durable';
const SECOND = { path: '/second', eventTypes: ['channel_occupied', 'client_event'] };

/** What is secret about webhooks, beside the secrets of the apps that sign them. */
export const WEBHOOK_SECRETS: readonly string[] = [PASSWORD, TOKEN];

/** A webhook of an app, as the configuration has it. */
export function webhookTo({ port }: WebhookReceiver, path: string): Readonly<Record<string, unknown>> {
  return {
    url: `http://hooks:${PASSWORD}@127.0.0.1:${port}${path}`,
    headers: { 'X-Token': TOKEN },
    // Of the rows about webhooks alone: those of all others would be thousands of calls.
    filter: { channel_pattern: '(wh|ca-10|xc-12)-' },
  };
}

/** Those of the main app on the main server. */
export function mainWebhooks(receiver: WebhookReceiver): readonly object[] {
  return [webhookTo(receiver, MAIN_PATH), { ...webhookTo(receiver, SECOND.path), event_types: SECOND.eventTypes }];
}

/** The second app has one to the path of the main app. */
export function secondAppWebhooks(receiver: WebhookReceiver): readonly object[] {
  return [webhookTo(receiver, MAIN_PATH)];
}

export const MAIN_SETTINGS = {
  batching: { enabled: false },
  retry: { initial_backoff_ms: 200 },
  request_timeout_ms: 2000,
  vacated_delay_ms: HELD_MS,
};

/** Of a server that batches, and gives up early. */
export const BATCHED_SETTINGS = {
  batching: { duration: 300 },
  retry: { initial_backoff_ms: 200, max_elapsed_time_ms: GIVEN_UP_SECONDS * 1000 },
};

export function providedByMain(receiver: WebhookReceiver): Provides {
  return {
    webhooks: { receiver, path: MAIN_PATH, heldMs: HELD_MS, triesMs: TRIES_MS, isSingle: true },
    'second-webhook': SECOND,
  };
}

/** Those of the main app on the server of `BATCHED_SETTINGS`. */
export function batchedWebhooks(receiver: WebhookReceiver): readonly object[] {
  return [BATCHED_PATH, GIVEN_UP_PATH].map((path) => webhookTo(receiver, path));
}

export function providedByBatched(endpoint: Target['endpoint']): Provides {
  return {
    'batched-webhooks': { endpoint, path: BATCHED_PATH },
    'short-webhook-retries': { endpoint, path: GIVEN_UP_PATH, seconds: GIVEN_UP_SECONDS },
  };
}

/** Settings of a server that notes in a Redis what its webhooks owe, and that another follows soon when it was killed. */
export function durableSettings(
  receiver: WebhookReceiver,
  app: object,
  redisPort: number,
): Readonly<Record<string, unknown>> {
  return {
    queue: { driver: 'redis' },
    database: { redis: { port: redisPort } },
    adapter: { cluster_health: { heartbeat_interval_ms: 200, node_timeout_ms: 1000 } },
    webhooks: { retry: { initial_backoff_ms: 200, max_backoff_ms: 1000 } },
    app_manager: { array: { apps: [{ ...app, webhooks: [webhookTo(receiver, DURABLE_PATH)] }] } },
  };
}

export const DURABLE = { path: DURABLE_PATH, withinMs: 15_000 };
