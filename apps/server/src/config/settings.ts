import type { AddressLimit, App, HubDeltaOptions, HubOptions } from '@sluice/core';
import type { NatsBackplaneOptions } from '@sluice/drivers/nats';
import type {
  RedisBackplaneOptions,
  RedisClusterBackplaneOptions,
  RedisClusterConnection,
  RedisConnection,
  RedisLedgerOptions,
} from '@sluice/drivers/redis';
import type { BatchRules, RetryRules, WebhookApp } from '@sluice/webhooks';
import type { Compression } from '@sluice/ws-engine';

/** Who accepts connections: the primary hands them out in turn, or the kernel spreads them over the workers' sockets. */
export type Scheduling = 'primary' | 'kernel';

/** `auto`: human on a terminal, JSON elsewhere. */
export type LogFormat = 'auto' | 'human' | 'json';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Names of PEM files; empty for none. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly passphrase: string;
  readonly caFile: string;
  /** A further port without TLS; 0: none. */
  readonly plainPort: number;
  /** Requests there are sent to the port with TLS. */
  readonly redirectPlain: boolean;
}

/** The way to other nodes. */
export interface AdapterSettings {
  readonly transport: Transport;
  readonly beatMs: number;
  readonly deadMs: number;
  readonly bounds: { readonly maxMessages: number; readonly maxBytes: number; readonly maxAgeMs: number };
  readonly readyWithoutConnection: boolean;
}

export type Transport =
  | ({ readonly driver: 'redis' } & Omit<RedisBackplaneOptions, 'connection'> & { readonly redis: RedisSettings })
  | ({ readonly driver: 'redis-cluster' } & Omit<RedisClusterBackplaneOptions, 'connection'> & {
        readonly cluster: RedisClusterSettings;
      })
  | ({ readonly driver: 'nats' } & Omit<NatsBackplaneOptions, 'tlsCa' | 'credentials'> & {
        readonly caFile: string;
        readonly credentialsFile: string;
      });

/** Where webhooks that wait are noted. */
export type QueueSettings = Omit<RedisLedgerOptions, 'connection' | 'onError'> & { readonly redis: RedisSettings };

export type RedisSettings = WithTlsFile<RedisConnection>;
export type RedisClusterSettings = WithTlsFile<RedisClusterConnection>;

/** Certificates by the names of their files. */
type WithTlsFile<T> = Omit<T, 'tls'> & { readonly tls: { readonly caFile: string } | null };

/** The whole configuration in the form the program uses: checked, complete, units in the names. Survives JSON. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  /** In front of every path; empty or with a leading and no trailing slash. */
  readonly pathPrefix: string;
  /** Worker processes; at least 1. */
  readonly workers: number;
  readonly instanceId: string;
  /** Connections of all apps on this node; 0: unlimited. */
  readonly maxConnections: number;
  readonly activityTimeoutSeconds: number;
  readonly pongTimeoutSeconds: number;
  /** Only for apps that want authorised connections. */
  readonly userAuthenticationTimeoutSeconds: number;
  /** Null: `port` speaks plain HTTP and WebSocket. */
  readonly tls: TlsFiles | null;
  /** Proxies in front of the server whose word is taken for where a request came from. */
  readonly trustHops: number;
  /** How often one address may ask; null: as often as it likes. */
  readonly addressLimits: {
    readonly api: AddressLimit | null;
    readonly upgrades: AddressLimit | null;
  };
  /** Pages that may read answers of the HTTP API. */
  readonly cors: {
    /** Patterns; none: nobody may. */
    readonly origins: readonly string[];
    readonly methods: readonly string[];
    readonly headers: readonly string[];
    readonly credentials: boolean;
  };
  /** Null: there is one node. */
  readonly adapter: AdapterSettings | null;
  readonly scheduling: Scheduling;
  readonly cleanup: {
    /** Connections that are taken out of their channels before others get their turn. */
    readonly connectionsPerSlice: number;
  };
  readonly cache: {
    /** How long a cache channel keeps its last event. */
    readonly ttlMs: number;
    /** Events kept at the most, of all apps. */
    readonly maxEvents: number;
    /** Of their texts. */
    readonly maxBytes: number;
  };
  readonly shutdown: {
    /** The longest a shutdown may take before what is left is cut off. */
    readonly gracePeriodMs: number;
    /** Clients are closed at moments spread over this time. */
    readonly drainWindowMs: number;
    /** `/ready` says 503 for this long before anything else happens, for load balancers that poll it. */
    readonly preStopDelayMs: number;
  };
  readonly websocket: {
    /** Frames that may wait for one slow client; null: no bound by number. */
    readonly maxMessages: number | null;
    /** Bytes that may wait for one slow client; null: no bound by size. */
    readonly maxBytes: number | null;
    /** At the bound: true closes the client with 4100, false drops what does not fit. */
    readonly disconnectOnBufferFull: boolean;
    /** Largest message a client may send; more is closed with 1009. */
    readonly maxPayloadBytes: number;
    /** Bytes handed to the kernel's side of one socket before further ones wait in the bounded queue. */
    readonly maxBackpressureBytes: number;
    /** Extra time that messages may be gathered before they are written; 0: until the end of the turn. */
    readonly flushDelayMs: number;
    /** That time is over once so many bytes wait for one client. */
    readonly writeBufferBytes: number;
    /** Longest stretch of writing before other work gets its turn. */
    readonly flushSliceMs: number;
    /** Silence between pings that come before `activity_timeout`; null: there are none. */
    readonly pingIntervalMs: number | null;
    /** Silence after which a client that leaves pings unanswered is closed with 4202; null: never. */
    readonly idleTimeoutMs: number | null;
    readonly compression: Compression;
    /** Treat a handshake without `protocol` as protocol 7 instead of closing it with 4008. */
    readonly allowMissingProtocol: boolean;
    readonly maxSubscriptionsPerConnection: number;
    /** Whether a refused channel gets `pusher:subscription_error` beside Pusher's own `pusher:error`. */
    readonly sendSubscriptionErrors: boolean;
  };
  readonly deltas: HubDeltaOptions & {
    /** Null: all deltas are made in the workers' own thread. */
    readonly pool: {
      /** Of each worker. */
      readonly threads: number;
      /** Messages that may wait for a thread. */
      readonly maxQueue: number;
      /** How long a delta may take before the full message goes out. */
      readonly deadlineMs: number;
    } | null;
  };
  readonly tagFiltering: HubOptions['tagFiltering'];
  readonly httpApi: {
    readonly maxRequestBytes: number;
    /** Whether `/usage` answers. */
    readonly usageEnabled: boolean;
    /** A request's headers have to arrive within this time. */
    readonly headersTimeoutMs: number;
  };
  readonly webhooks: {
    /** Those that have webhooks. */
    readonly apps: readonly WebhookApp[];
    readonly batching: BatchRules;
    readonly retry: RetryRules;
    readonly requestTimeoutMs: number;
    /** Per endpoint. */
    readonly maxQueuedEvents: number;
    readonly maxQueuedBytes: number;
    /** How long `channel_vacated` and `member_removed` are held. */
    readonly vacatedDelayMs: number;
    /** Null: they wait in memory alone. */
    readonly queue: QueueSettings | null;
  };
  readonly metrics: {
    readonly enabled: boolean;
    readonly host: string;
    readonly port: number;
    /** In front of every metric name. */
    readonly prefix: string;
  };
  readonly log: {
    readonly level: LogLevel;
    readonly format: LogFormat;
    readonly colors: boolean;
  };
  readonly apps: readonly App[];
}
