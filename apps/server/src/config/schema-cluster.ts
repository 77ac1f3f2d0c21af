import { boolean, bytes, count, listOf, milliseconds, oneOf, port } from './formats.ts';
import { setting } from './leaf.ts';
import { fileName, host, keyPrefix, natsAddress, redisAddresses, secretOrNone, subjectPrefix } from './text-formats.ts';

const NONE: readonly string[] = [];
const LOCAL_NATS: readonly string[] = ['nats://localhost:4222'];

/** How nodes find each other, and the servers between them. */
export const CLUSTER_SECTIONS = {
  adapter: {
    driver: setting(oneOf('local', 'redis', 'redis-cluster', 'nats'), {
      doc: 'How messages get to other nodes. `local`: there are none. `redis`: over `database.redis`. `redis-cluster`: over `adapter.cluster`. `nats`: over `adapter.nats`.',
      default: 'local',
      env: 'ADAPTER_DRIVER',
    }),
    redis: {
      prefix: setting(keyPrefix, {
        doc: 'In front of every channel name in Redis. Nodes belong together that have the same.',
        default: 'sluice_adapter:',
        env: 'ADAPTER_REDIS_PREFIX',
      }),
      requests_timeout: setting(milliseconds(100), {
        doc: 'A Redis that does not answer for so long counts as gone.',
        default: 5000,
        env: 'ADAPTER_REDIS_REQUESTS_TIMEOUT',
      }),
    },
    cluster: {
      nodes: setting(redisAddresses, {
        doc: 'Some nodes of a Redis Cluster (Redis 7 or later), from which the others are learnt; empty: those of `database.redis.cluster`.',
        default: NONE,
        env: 'REDIS_CLUSTER_NODES',
      }),
      prefix: setting(keyPrefix, {
        doc: 'In front of every channel name in the cluster. Nodes belong together that have the same. With a hash tag in it, such as `{sluice}:`, one master carries everything.',
        default: 'sluice_adapter:',
        env: 'ADAPTER_CLUSTER_PREFIX',
      }),
      request_timeout_ms: setting(milliseconds(100), {
        doc: 'A node of the cluster that does not answer for so long counts as gone (1000 in Sockudo).',
        default: 5000,
        env: 'ADAPTER_CLUSTER_REQUEST_TIMEOUT_MS',
      }),
    },
    nats: {
      servers: setting(listOf(natsAddress), {
        doc: 'NATS servers, of one cluster.',
        default: LOCAL_NATS,
        env: 'NATS_SERVERS',
      }),
      prefix: setting(subjectPrefix, {
        doc: 'In front of every subject. Nodes belong together that have the same.',
        default: 'sluice_adapter.',
        env: 'ADAPTER_NATS_PREFIX',
      }),
      username: setting(secretOrNone, { doc: 'User, where NATS asks for one.', default: '', env: 'NATS_USERNAME' }),
      password: setting(secretOrNone, {
        doc: 'Password of the user.',
        default: '',
        env: 'NATS_PASSWORD',
        secret: true,
      }),
      token: setting(secretOrNone, {
        doc: 'Token, where NATS asks for one.',
        default: '',
        env: 'NATS_TOKEN',
        secret: true,
      }),
      credentials_path: setting(fileName, {
        doc: 'Credentials file (`.creds`: a JWT and the seed of its key), where NATS asks for one.',
        default: '',
        env: 'NATS_CREDENTIALS_PATH',
      }),
      ca_path: setting(fileName, {
        doc: 'PEM file of those who may have signed the certificates of NATS; empty: TLS only where a server asks for it.',
        default: '',
        env: 'NATS_CA_PATH',
      }),
      connection_timeout_ms: setting(milliseconds(100), {
        doc: 'The longest that a first connection may take.',
        default: 5000,
        env: 'NATS_CONNECTION_TIMEOUT_MS',
      }),
      request_timeout_ms: setting(milliseconds(100), {
        doc: 'A server that does not answer for so long counts as gone.',
        default: 5000,
        env: 'NATS_REQUEST_TIMEOUT_MS',
      }),
    },
    cluster_health: {
      heartbeat_interval_ms: setting(milliseconds(100), {
        doc: 'How often a node says that it lives (10000 in Sockudo).',
        default: 1000,
        env: 'CLUSTER_HEALTH_HEARTBEAT_INTERVAL',
      }),
      node_timeout_ms: setting(milliseconds(300), {
        doc: 'Silence after which a node counts as dead and its members as gone; at least three heartbeats (30000 in Sockudo).',
        default: 5000,
        env: 'CLUSTER_HEALTH_NODE_TIMEOUT',
      }),
    },
    outage_buffer: {
      max_messages: setting(count(1), {
        doc: 'Messages to other nodes kept at the most: those that wait for a connection, and those that another node may have missed.',
        default: 100_000,
        env: 'ADAPTER_OUTAGE_BUFFER_MAX_MESSAGES',
      }),
      max_bytes: setting(bytes(1), {
        doc: 'Bytes of these messages at the most.',
        default: 67_108_864,
        env: 'ADAPTER_OUTAGE_BUFFER_MAX_BYTES',
      }),
      max_age_ms: setting(milliseconds(1000), {
        doc: 'How long one is kept that the connection has taken over, for nodes that missed it, and how long a node waits for one that it missed.',
        default: 60_000,
        env: 'ADAPTER_OUTAGE_BUFFER_MAX_AGE_MS',
      }),
    },
    ready_without_connection: setting(boolean, {
      doc: 'Whether `/ready` says yes while the connection between the nodes is lost.',
      default: true,
      env: 'ADAPTER_READY_WITHOUT_CONNECTION',
    }),
  },
  queue: {
    driver: setting(oneOf('memory', 'redis'), {
      doc: 'Where webhooks wait that are not sent yet. `memory`: in the primary; what waits is lost if it is killed. `redis`: noted in `database.redis`, too; another node or the next start sends it.',
      default: 'memory',
      env: 'QUEUE_DRIVER',
    }),
    redis: {
      prefix: setting(keyPrefix, {
        doc: 'In front of every key in Redis. Nodes that have the same send what one of them owed when it died, and need the same apps.',
        default: 'sluice_queue:',
        env: 'QUEUE_REDIS_PREFIX',
      }),
    },
  },
  database: {
    redis: {
      host: setting(host, { doc: 'Address of Redis.', default: '127.0.0.1', env: 'DATABASE_REDIS_HOST' }),
      port: setting(port, { doc: 'Port of Redis.', default: 6379, env: 'DATABASE_REDIS_PORT' }),
      db: setting(count(0, 65_535), { doc: 'Number of the database.', default: 0, env: 'DATABASE_REDIS_DB' }),
      username: setting(secretOrNone, {
        doc: 'User of the ACL; empty: the default user.',
        default: '',
        env: 'DATABASE_REDIS_USERNAME',
      }),
      password: setting(secretOrNone, {
        doc: 'Password of the user.',
        default: '',
        env: 'DATABASE_REDIS_PASSWORD',
        secret: true,
      }),
      tls: setting(boolean, { doc: 'Whether Redis is behind TLS.', default: false, env: 'DATABASE_REDIS_TLS' }),
      ca_path: setting(fileName, {
        doc: "PEM file of those who may have signed Redis' certificate; empty: those that Node trusts.",
        default: '',
        env: 'DATABASE_REDIS_CA_PATH',
      }),
      sentinels: setting(redisAddresses, {
        doc: 'Sentinels that say where the master is; then `host` and `port` are not used.',
        default: NONE,
        env: 'DATABASE_REDIS_SENTINELS',
      }),
      sentinel_username: setting(secretOrNone, {
        doc: 'User of the ACL of the Sentinels; empty: the default user.',
        default: '',
        env: 'DATABASE_REDIS_SENTINEL_USERNAME',
      }),
      sentinel_password: setting(secretOrNone, {
        doc: 'Password of the Sentinels.',
        default: '',
        env: 'DATABASE_REDIS_SENTINEL_PASSWORD',
        secret: true,
      }),
      name: setting(secretOrNone, {
        doc: 'What the Sentinels call the master.',
        default: 'mymaster',
        env: 'DATABASE_REDIS_NAME',
      }),
      cluster: {
        nodes: setting(redisAddresses, {
          doc: 'Some nodes of a Redis Cluster, from which the others are learnt.',
          default: NONE,
          env: 'DATABASE_REDIS_CLUSTER_NODES',
        }),
        username: setting(secretOrNone, {
          doc: 'User of the ACL in the cluster; empty: the default user.',
          default: '',
          env: 'DATABASE_REDIS_CLUSTER_USERNAME',
        }),
        password: setting(secretOrNone, {
          doc: 'Password of the user.',
          default: '',
          env: 'DATABASE_REDIS_CLUSTER_PASSWORD',
          secret: true,
        }),
        use_tls: setting(boolean, {
          doc: 'Whether the cluster is behind TLS.',
          default: false,
          env: 'DATABASE_REDIS_CLUSTER_USE_TLS',
        }),
        ca_path: setting(fileName, {
          doc: "PEM file of those who may have signed the nodes' certificates; empty: those that Node trusts.",
          default: '',
          env: 'DATABASE_REDIS_CLUSTER_CA_PATH',
        }),
      },
    },
  },
} as const;
