import { Redis, type RedisOptions } from 'ioredis';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What a Redis asks of its clients. */
export interface RedisAccess {
  /** Null: the default user. */
  readonly username: string | null;
  readonly password: string | null;
  readonly tls: RedisTls | null;
}

/** One Redis, or the one that Sentinels name. */
export interface RedisConnection extends RedisAccess {
  readonly address: Address;
  readonly db: number;
  /** Null: the address is that of the server itself. */
  readonly sentinel: Sentinels | null;
}

export interface RedisClusterConnection extends RedisAccess {
  /** Some of the nodes; the others are learnt from them. */
  readonly nodes: readonly Address[];
}

export interface RedisTls {
  /** PEM of those who may have signed the server's certificate; null: those that Node trusts. */
  readonly ca: string | null;
  /** Null: the host of the address. */
  readonly servername: string | null;
}

export interface Sentinels {
  readonly addresses: readonly Address[];
  /** What they call the master. */
  readonly name: string;
  readonly username: string | null;
  readonly password: string | null;
}

type ClientOptions = Omit<RedisOptions, 'replyMapping'>;

/** The wait before another try doubles from this. */
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2000;
/** A connection that cannot be ended in order is cut after this time. */
const END_MS = 500;

/**
 * A client that reconnects without end, answers at once where it is not connected, and sends nothing twice: what was
 * under way when a connection broke is for the caller to decide. RESP2: half again as many messages a second as RESP3.
 */
export function createClient(connection: RedisConnection, timeoutMs: number): Redis {
  const { address, db, username, password, tls, sentinel } = connection;
  const options: ClientOptions = {
    ...address,
    db,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
    protocol: 2,
    connectTimeout: timeoutMs,
    disconnectTimeout: END_MS,
    retryStrategy: retryAfterMs,
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(tls === null ? {} : { tls: tlsOptions(tls) }),
    ...(sentinel === null ? {} : sentinelOptions(connection, sentinel, timeoutMs)),
  };
  return new Redis(options);
}

/** Without credentials, for people. */
export function describeConnection({ address, sentinel }: RedisConnection): string {
  if (sentinel === null) return describeAddress(address);
  return `'${sentinel.name}' of the Sentinels ${sentinel.addresses.map(describeAddress).join(', ')}`;
}

export function describeAddress({ host, port }: Address): string {
  return `${host}:${port}`;
}

function tlsOptions({ ca, servername }: RedisTls): NonNullable<RedisOptions['tls']> {
  return { ...(servername === null ? {} : { servername }), ...(ca === null ? {} : { ca }) };
}

/** What is asked of the server, TLS, is asked of the Sentinels too. */
function sentinelOptions({ tls }: RedisAccess, sentinel: Sentinels, timeoutMs: number): ClientOptions {
  const { addresses, name, username, password } = sentinel;
  return {
    sentinels: addresses.map((address) => ({ ...address })),
    name,
    // Without it ioredis asks all of them again every 10 ms.
    sentinelRetryStrategy: retryAfterMs,
    sentinelCommandTimeout: timeoutMs,
    ...(username === null ? {} : { sentinelUsername: username }),
    ...(password === null ? {} : { sentinelPassword: password }),
    // Without it ioredis takes no notice of `tls` where there are Sentinels.
    ...(tls === null ? {} : { enableTLSForSentinelMode: true, sentinelTLS: tlsOptions(tls) }),
  };
}

/** With jitter, so that all nodes do not come at once. */
function retryAfterMs(attempt: number): number {
  const ms = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 10));
  return ms / 2 + (Math.random() * ms) / 2;
}
