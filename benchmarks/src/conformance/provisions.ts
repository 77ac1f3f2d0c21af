import type { AppCredentials, Endpoint, Target, WebhookReceiver } from '@sluice/conformance';

import { HOST } from '../servers/server.ts';
import type { SoketiOptions } from '../servers/soketi.ts';

/** One app; both servers know these names. */
export interface AppSettings extends AppCredentials {
  readonly enable_client_messages?: boolean;
  readonly enabled?: boolean;
  readonly max_connections?: number;
  readonly enable_user_authentication?: boolean;
  readonly webhooks?: readonly WebhookSettings[];
}

interface WebhookSettings {
  readonly url: string;
  readonly event_types: readonly string[];
}

/** What a server is started with, the same for both by their own names. */
export interface Settings {
  readonly apps: readonly AppSettings[];
  /** Environment variables. */
  readonly sluice?: Readonly<Record<string, string>>;
  /** Options, by dotted keys. */
  readonly soketi?: NonNullable<SoketiOptions['settings']>;
}

export interface Judged {
  readonly endpoint: Endpoint;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const PREFIX = '/realtime';
const AUTHORISED_WITHIN_SECONDS = 1;
const CACHE_SECONDS = 1;
const DRAIN_MS = 300;

const WEBHOOK = {
  path: '/all',
  eventTypes: ['channel_occupied', 'channel_vacated', 'member_added', 'member_removed', 'client_event', 'cache_miss'],
};
const SECOND_WEBHOOK = { path: '/second', eventTypes: ['channel_occupied', 'client_event'] };
/** Long enough for a client that comes back; Pusher holds departures too. */
const HELD_MS = 1_500;
const FIRST_RETRY_MS = 200;
/** Five tries, each of them twice as late as the one before. */
const TRIES_MS = 15_000;

function app(id: string): AppCredentials {
  return { id, key: `key-${id}`, secret: `secret-${id}` };
}

const MAIN = { ...app('1001'), enable_client_messages: true };
const [SECOND, QUIET, DISABLED, LIMITED, NO_CLIENT_EVENTS] = [app('2'), app('3'), app('4'), app('5'), app('6')];
const [AUTHORISED, AUTHORISED_LIMITED] = [app('7'), app('8')];
const AUTHORISED_APPS = [
  { ...AUTHORISED, enable_user_authentication: true },
  { ...AUTHORISED_LIMITED, enable_user_authentication: true, max_connections: 1 },
];

function webhookTo(
  { port }: WebhookReceiver,
  { path, eventTypes }: { readonly path: string; readonly eventTypes: readonly string[] },
): WebhookSettings {
  return { url: `http://${HOST}:${port}${path}`, event_types: eventTypes };
}

/**
 * The same for every server, and only what both kinds have a setting for. Rows that need more are skipped for both:
 * one server may not be judged by what the other could not even be asked.
 */
export async function prepare(
  start: (settings: Settings) => Promise<Judged>,
  receiver: WebhookReceiver,
): Promise<Target> {
  const [main, prefixed, strict, forgetful, restarted] = await Promise.all([
    start({
      apps: [
        { ...MAIN, webhooks: [webhookTo(receiver, WEBHOOK), webhookTo(receiver, SECOND_WEBHOOK)] },
        { ...SECOND, enable_client_messages: true, webhooks: [webhookTo(receiver, WEBHOOK)] },
        QUIET,
        { ...DISABLED, enabled: false },
        { ...LIMITED, max_connections: 1 },
        { ...NO_CLIENT_EVENTS, enable_client_messages: false },
      ],
      sluice: {
        WEBHOOK_BATCHING_ENABLED: 'false',
        WEBHOOK_RETRY_INITIAL_BACKOFF_MS: String(FIRST_RETRY_MS),
        WEBHOOK_VACATED_DELAY_MS: String(HELD_MS),
      },
      // Sends each event by itself and holds nothing, by default.
    }),
    start({
      apps: [MAIN],
      sluice: { PATH_PREFIX: PREFIX, WEBSOCKET_ALLOW_MISSING_PROTOCOL: 'true' },
      // Takes a handshake without `protocol` in any case.
      soketi: { pathPrefix: PREFIX },
    }),
    start({
      apps: [MAIN, ...AUTHORISED_APPS],
      sluice: { USER_AUTHENTICATION_TIMEOUT: String(AUTHORISED_WITHIN_SECONDS) },
      soketi: { userAuthenticationTimeout: AUTHORISED_WITHIN_SECONDS * 1000 },
    }),
    start({
      apps: [MAIN],
      sluice: { CHANNEL_LIMITS_CACHE_TTL: String(CACHE_SECONDS) },
      soketi: { 'channelLimits.cacheTtl': CACHE_SECONDS },
    }),
    start({
      apps: [MAIN],
      sluice: { SHUTDOWN_DRAIN_WINDOW_MS: String(DRAIN_MS) },
      soketi: { shutdownGracePeriod: DRAIN_MS },
    }),
  ]);
  return {
    endpoint: main.endpoint,
    app: MAIN,
    provides: {
      'second-app': { app: SECOND },
      'quiet-app': { app: QUIET },
      'disabled-app': { app: DISABLED },
      'limited-app': { app: LIMITED },
      'client-events-off': { app: NO_CLIENT_EVENTS },
      'path-prefix': { endpoint: prefixed.endpoint },
      'lenient-protocol': { endpoint: prefixed.endpoint },
      'authorised-connections': {
        endpoint: strict.endpoint,
        seconds: AUTHORISED_WITHIN_SECONDS,
        app: AUTHORISED,
        limitedApp: AUTHORISED_LIMITED,
      },
      webhooks: { receiver, path: WEBHOOK.path, heldMs: HELD_MS, triesMs: TRIES_MS, isSingle: true },
      'second-webhook': SECOND_WEBHOOK,
      'second-app-webhooks': { app: SECOND },
      'short-cache': { endpoint: forgetful.endpoint, seconds: CACHE_SECONDS },
      restart: {
        endpoint: restarted.endpoint,
        stop: () => restarted.stop(),
        start: () => restarted.start(),
      },
    },
  };
}
