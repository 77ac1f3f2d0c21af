import { type ConnectionOptions, credsAuthenticator } from '@nats-io/transport-node';

/** Where NATS is, and what it asks of its clients. */
export interface NatsAccess {
  /** `host:port` or `nats://host:port`, of one server or of several that form a cluster. */
  readonly servers: readonly string[];
  readonly user: string | null;
  readonly password: string | null;
  readonly token: string | null;
  /** The content of a credentials file: a JWT and the seed of its key. */
  readonly credentials: string | null;
  /** PEM of those who may have signed the servers' certificates; null: TLS only where a server asks for it. */
  readonly tlsCa: string | null;
}

export interface NatsTimeouts {
  /** A server that does not answer for so long counts as gone. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
}

/** Two unanswered pings end a connection. */
const PINGS = 2;
const SHORTEST_PING_MS = 100;

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 500;

export function connectionOptions(
  access: NatsAccess,
  { timeoutMs, connectTimeoutMs }: NatsTimeouts,
): ConnectionOptions {
  const { servers, user, password, token, credentials, tlsCa } = access;
  return {
    servers: [...servers],
    noEcho: true,
    timeout: connectTimeoutMs,
    maxReconnectAttempts: -1,
    // Or the client would give up for good when a server that comes back has not read its users yet.
    ignoreAuthErrorAbort: true,
    pingInterval: Math.max(SHORTEST_PING_MS, Math.floor(timeoutMs / (PINGS + 1))),
    maxPingOut: PINGS,
    // With jitter, so that all nodes do not come at once.
    reconnectDelayHandler: () => FIRST_RETRY_MS + Math.random() * (LAST_RETRY_MS - FIRST_RETRY_MS),
    ...(user === null ? {} : { user }),
    ...(password === null ? {} : { pass: password }),
    ...(token === null ? {} : { token }),
    ...(credentials === null ? {} : { authenticator: credsAuthenticator(Buffer.from(credentials)) }),
    ...(tlsCa === null ? {} : { tls: { ca: tlsCa } }),
  };
}
