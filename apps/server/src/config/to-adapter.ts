import type { Values } from './schema.ts';
import type { AdapterSettings, QueueSettings, RedisClusterSettings, RedisSettings, Transport } from './settings.ts';
import type { AddressItem } from './text-formats.ts';

/** Null: there is one node. */
export function toAdapter(values: Values): AdapterSettings | null {
  const { adapter } = values;
  const transport = toTransport(values);
  if (transport === null) return null;
  const { outage_buffer: buffer, cluster_health: health } = adapter;
  return {
    transport,
    beatMs: health.heartbeat_interval_ms,
    deadMs: health.node_timeout_ms,
    bounds: { maxMessages: buffer.max_messages, maxBytes: buffer.max_bytes, maxAgeMs: buffer.max_age_ms },
    readyWithoutConnection: adapter.ready_without_connection,
  };
}

/** Null: webhooks wait in memory alone. */
export function toQueue({ adapter, database, queue }: Values): QueueSettings | null {
  if (queue.driver === 'memory') return null;
  const { cluster_health: health } = adapter;
  return {
    redis: toRedis(database.redis),
    prefix: queue.redis.prefix,
    timeoutMs: adapter.redis.requests_timeout,
    beatMs: health.heartbeat_interval_ms,
    deadMs: health.node_timeout_ms,
  };
}

function toTransport({ adapter, database }: Values): Transport | null {
  switch (adapter.driver) {
    case 'local':
      return null;
    case 'redis': {
      const { prefix, requests_timeout: timeoutMs } = adapter.redis;
      return { driver: 'redis', redis: toRedis(database.redis), prefix, timeoutMs };
    }
    case 'redis-cluster': {
      const { prefix, request_timeout_ms: timeoutMs } = adapter.cluster;
      return { driver: 'redis-cluster', cluster: toRedisCluster(adapter, database), prefix, timeoutMs };
    }
    case 'nats': {
      const { nats } = adapter;
      return {
        driver: 'nats',
        servers: nats.servers,
        user: orNull(nats.username),
        password: orNull(nats.password),
        token: orNull(nats.token),
        credentialsFile: nats.credentials_path,
        caFile: nats.ca_path,
        prefix: nats.prefix,
        timeoutMs: nats.request_timeout_ms,
        connectTimeoutMs: nats.connection_timeout_ms,
      };
    }
  }
}

function toRedis(redis: Values['database']['redis']): RedisSettings {
  const { host, port, db } = redis;
  const sentinel = {
    addresses: redis.sentinels.map(toAddress),
    name: redis.name,
    username: orNull(redis.sentinel_username),
    password: orNull(redis.sentinel_password),
  };
  return {
    address: { host, port },
    db,
    username: orNull(redis.username),
    password: orNull(redis.password),
    tls: redis.tls ? { caFile: redis.ca_path } : null,
    sentinel: redis.sentinels.length === 0 ? null : sentinel,
  };
}

function toRedisCluster(adapter: Values['adapter'], database: Values['database']): RedisClusterSettings {
  const { nodes, username, password, use_tls: isTls, ca_path: caFile } = database.redis.cluster;
  return {
    nodes: (adapter.cluster.nodes.length > 0 ? adapter.cluster.nodes : nodes).map(toAddress),
    username: orNull(username),
    password: orNull(password),
    tls: isTls ? { caFile } : null,
  };
}

function toAddress(item: AddressItem): { readonly host: string; readonly port: number } {
  if (typeof item !== 'string') return item;
  const address = item.replace('redis://', '');
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(address.slice(colon + 1)) };
}

function orNull(text: string): string | null {
  return text === '' ? null : text;
}
