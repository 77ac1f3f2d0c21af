import type { WebhookReceiver } from './clients/webhook-receiver.ts';

/** Where a server listens. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** Whether both WebSocket and HTTP API are behind TLS. */
  readonly secure?: boolean;
  /** In front of every path; empty, or with a leading and no trailing slash. */
  readonly prefix?: string;
}

export interface AppCredentials {
  readonly id: string;
  readonly key: string;
  readonly secret: string;
}

export interface KeyPair {
  readonly key: string;
  readonly secret: string;
}

/** What a server under test may be prepared with beyond its one app, and what a row has to know to use it. */
export interface Provisions {
  /** An app that rows use beside the main one. */
  readonly 'second-app': { readonly app: AppCredentials };
  /** An app that nobody connects to while the suite runs. */
  readonly 'quiet-app': { readonly app: AppCredentials };
  readonly 'disabled-app': { readonly app: AppCredentials };
  /** An app of at most one connection. */
  readonly 'limited-app': { readonly app: AppCredentials };
  /** An app without client events. */
  readonly 'client-events-off': { readonly app: AppCredentials };
  /** An app without subscription counts. */
  readonly 'subscription-count-off': { readonly app: AppCredentials };
  /** An app whose channels tell their subscribers how many they are. */
  readonly 'subscription-count-events': { readonly app: AppCredentials };
  /** An app with watchlist events. */
  readonly watchlist: { readonly app: AppCredentials };
  /** An app without watchlist events. */
  readonly 'watchlist-off': { readonly app: AppCredentials };
  /** A server that forgets the events of cache channels after this time. */
  readonly 'short-cache': { readonly endpoint: Endpoint; readonly seconds: number };
  /** Further keys of the main app. */
  readonly 'several-keys': { readonly enabled: KeyPair; readonly disabled: KeyPair };
  /** The main server closes larger messages of clients. */
  readonly 'max-message-size': { readonly bytes: number };
  /** The main server is several processes or nodes; connections to these endpoints in turn are spread over them. */
  readonly 'several-processes': {
    readonly endpoints: readonly Endpoint[];
    /** Within this time all of them know how many are subscribed. */
    readonly settleMs: number;
  };
  /** A server that pings after a second of silence and closes after another. */
  readonly 'short-timeouts': {
    readonly endpoint: Endpoint;
    readonly activitySeconds: number;
    readonly pongSeconds: number;
  };
  /** A server with two apps whose connections have to be authorised in time, one of them of at most one connection. */
  readonly 'authorised-connections': {
    readonly endpoint: Endpoint;
    readonly seconds: number;
    readonly app: AppCredentials;
    readonly limitedApp: AppCredentials;
  };
  /** A server with TLS on one of its ports, and an app that insists on it. Its certificate has to be trusted. */
  readonly 'forced-tls': { readonly plain: Endpoint; readonly secure: Endpoint; readonly app: AppCredentials };
  /** A server below a path prefix. */
  readonly 'path-prefix': { readonly endpoint: Endpoint };
  /** A server that takes a handshake without `protocol` for protocol 7. */
  readonly 'lenient-protocol': { readonly endpoint: Endpoint };
  /** A server that refuses connections beyond a number of its own, whatever their app. */
  readonly 'node-capacity': { readonly endpoint: Endpoint; readonly maxConnections: number };
  /** A server that can be shut down in order and started again at the same endpoint. */
  readonly restart: {
    readonly endpoint: Endpoint;
    readonly stop: () => Promise<void>;
    readonly start: () => Promise<void>;
  };
  /** A server of several processes or nodes, reached by the endpoints in turn, one of which can be killed. */
  readonly 'kill-process': {
    readonly endpoints: readonly Endpoint[];
    /** Waits until all processes take connections, those too that replace killed ones. */
    readonly whole: () => Promise<void>;
    readonly kill: () => Promise<void>;
  };
  /** Two nodes, and the server between them, which can be taken away. */
  readonly backplane: {
    readonly endpoints: readonly [Endpoint, Endpoint];
    readonly lose: () => Promise<void>;
    readonly restore: () => Promise<void>;
  };
  /** The main app has a webhook to the receiver of the suite, of all types of events. */
  readonly webhooks: WebhookProvision;
  /** The main app has a second webhook, to this path and of these events only. */
  readonly 'second-webhook': { readonly path: string; readonly eventTypes: readonly string[] };
  /** Another app has a webhook, to the path of that of the main app. */
  readonly 'second-app-webhooks': { readonly app: AppCredentials };
  /** An app whose channels count their subscribers has a webhook, to this path. */
  readonly 'counting-webhooks': { readonly app: AppCredentials; readonly path: string };
  /** A server that tells of several events in a call; the webhook of the main app is to this path. */
  readonly 'batched-webhooks': { readonly endpoint: Endpoint; readonly path: string };
  /** A server that gives calls up after this time; the webhook of the main app is to this path. */
  readonly 'short-webhook-retries': { readonly endpoint: Endpoint; readonly path: string; readonly seconds: number };
  /**
   * A server that keeps what its webhooks owe outside its processes. `kill` ends them all as they stand, and `start` starts another
   * at the same endpoint. The webhook of the main app is to this path.
   */
  readonly 'durable-webhooks': {
    readonly endpoint: Endpoint;
    readonly path: string;
    readonly kill: () => Promise<void>;
    readonly start: () => Promise<void>;
    /** Within this time after the start what the killed one owed is sent. */
    readonly withinMs: number;
  };
  /** On the server of `kill-process` the webhook of the main app is to this path. */
  readonly 'kill-process-webhooks': { readonly path: string };
  /** A server whose only app can be changed while it runs: `change` resolves when it has been. */
  readonly 'changeable-app': {
    readonly endpoint: Endpoint;
    readonly change: (app: { readonly enabled: boolean; readonly maxConnections: number }) => Promise<void>;
  };
  /** What the server has logged so far, and what may not be in it beside the secrets of its apps. */
  readonly logs: { readonly read: () => string; readonly secrets: readonly string[] };
}

export interface WebhookProvision {
  readonly receiver: WebhookReceiver;
  /** Null: whatever comes to the receiver. */
  readonly path: string | null;
  /** How long the server holds departures at least. */
  readonly heldMs: number;
  /** Within this time five tries of one call are made. */
  readonly triesMs: number;
  /** Whether each call is known to tell of one event. */
  readonly isSingle: boolean;
}

/** How much the row of many connections does. */
export interface Load {
  readonly connections: number;
  readonly seconds: number;
}

export type Need = keyof Provisions;

/** A server under test. All of its endpoints have the main app, with client events on. */
export interface Target {
  readonly endpoint: Endpoint;
  readonly app: AppCredentials;
  readonly provides: Partial<Provisions>;
  /** What a test run can afford if it is left out. */
  readonly load?: Load;
}
