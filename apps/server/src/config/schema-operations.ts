import { boolean, bytes, count, megabytes, milliseconds, oneOf, optionalPort, port, seconds } from './formats.ts';
import { setting } from './leaf.ts';
import { fileName, host, metricPrefix, processId, secretOrNone } from './text-formats.ts';

/** What the one who runs the server turns: shutdown, processes, HTTP API, webhooks, metrics, logs. */
export const OPERATION_SECTIONS = {
  shutdown: {
    drain_window_ms: setting(milliseconds(0), {
      doc: 'At shutdown clients are closed at moments spread over this time, in milliseconds, so that they do not all come back at once.',
      default: 3000,
      env: 'SHUTDOWN_DRAIN_WINDOW_MS',
    }),
    pre_stop_delay_ms: setting(milliseconds(0), {
      doc: '`/ready` says 503 for this long, in milliseconds, before anything else happens at shutdown. For load balancers that poll it.',
      default: 0,
      env: 'SHUTDOWN_PRE_STOP_DELAY_MS',
    }),
  },
  instance: {
    process_id: setting(processId, {
      doc: 'Name of this node in logs; different on every node.',
      default: '',
      defaultText: 'a random UUID',
      env: 'INSTANCE_PROCESS_ID',
    }),
  },
  cluster: {
    scheduling: setting(oneOf('primary', 'kernel'), {
      doc: 'Who spreads connections over the workers: `primary` hands them out in turn, `kernel` leaves it to the operating system.',
      default: 'primary',
      env: 'CLUSTER_SCHEDULING',
    }),
  },
  cleanup: {
    async_enabled: setting(boolean, {
      doc: 'Whether connections that go together are taken out of their channels a batch at a time, so that nobody else waits for it.',
      default: true,
      env: 'CLEANUP_ASYNC_ENABLED',
    }),
    batch_size: setting(count(1), {
      doc: 'Connections in such a batch; it also ends after 5 ms.',
      default: 64,
      env: 'CLEANUP_BATCH_SIZE',
    }),
  },
  ssl: {
    enabled: setting(boolean, {
      doc: 'Whether `port` speaks TLS (https and wss) instead of plain http and ws.',
      default: false,
      env: 'SSL_ENABLED',
    }),
    cert_path: setting(fileName, {
      doc: 'Certificate and its chain, PEM.',
      default: '',
      env: 'SSL_CERT_PATH',
    }),
    key_path: setting(fileName, {
      doc: 'Private key of the certificate, PEM.',
      default: '',
      env: 'SSL_KEY_PATH',
    }),
    passphrase: setting(secretOrNone, {
      doc: 'Of the private key, where it has one.',
      default: '',
      env: 'SSL_PASSPHRASE',
      secret: true,
    }),
    ca_path: setting(fileName, {
      doc: 'Further certificates of the chain, PEM, where `ssl.cert_path` does not have them.',
      default: '',
      env: 'SSL_CA_PATH',
    }),
    http_port: setting(optionalPort, {
      doc: 'A further port without TLS, for clients that are told there to come back with it. 0: none.',
      default: 0,
      env: 'SSL_HTTP_PORT',
    }),
    redirect_http: setting(boolean, {
      doc: 'Whether HTTP requests on `ssl.http_port` are sent to the port with TLS instead of being answered.',
      default: false,
      env: 'SSL_REDIRECT_HTTP',
    }),
  },
  cache: {
    driver: setting(oneOf('memory'), {
      doc: 'Where events of cache channels are kept. `memory`: in the primary.',
      default: 'memory',
      env: 'CACHE_DRIVER',
    }),
    memory: {
      max_capacity: setting(count(1), {
        doc: 'Events of cache channels kept at the most, of all apps; the oldest goes first.',
        default: 10_000,
        env: 'CACHE_MAX_CAPACITY',
      }),
      max_bytes: setting(bytes(1), {
        doc: 'Bytes of these events at the most.',
        default: 67_108_864,
        env: 'CACHE_MAX_BYTES',
      }),
    },
  },
  http_api: {
    request_limit_in_mb: setting(megabytes(1), {
      doc: 'Largest body of a request, in MB.',
      default: 10,
      env: 'HTTP_API_REQUEST_LIMIT_IN_MB',
    }),
    usage_enabled: setting(boolean, {
      doc: 'Whether `/usage` answers.',
      default: true,
      env: 'HTTP_API_USAGE_ENABLED',
    }),
    headers_timeout: setting(seconds(1), {
      doc: "A request's headers have to arrive within this time, in seconds.",
      default: 10,
      env: 'HTTP_API_HEADERS_TIMEOUT',
    }),
  },
  webhooks: {
    batching: {
      enabled: setting(boolean, {
        doc: 'Whether one call may tell of several events.',
        default: true,
        env: 'WEBHOOK_BATCHING_ENABLED',
      }),
      duration: setting(milliseconds(0), {
        doc: 'How long the first event of a call waits for others, in milliseconds.',
        default: 50,
        env: 'WEBHOOK_BATCHING_DURATION',
      }),
      size: setting(count(1), {
        doc: 'Events of one call at the most.',
        default: 100,
        env: 'WEBHOOK_BATCHING_SIZE',
      }),
    },
    retry: {
      max_elapsed_time_ms: setting(milliseconds(0), {
        doc: 'No try is made later than this, in milliseconds, after an event came up, or after its endpoint began to fail if that was later.',
        default: 300_000,
        env: 'WEBHOOK_RETRY_MAX_ELAPSED_TIME_MS',
      }),
      initial_backoff_ms: setting(milliseconds(1), {
        doc: 'About how long the second try waits, in milliseconds; each further one about twice as long.',
        default: 1000,
        env: 'WEBHOOK_RETRY_INITIAL_BACKOFF_MS',
      }),
      max_backoff_ms: setting(milliseconds(1), {
        doc: 'The longest that a try waits, in milliseconds.',
        default: 60_000,
        env: 'WEBHOOK_RETRY_MAX_BACKOFF_MS',
      }),
    },
    request_timeout_ms: setting(milliseconds(1), {
      doc: 'An endpoint has to answer within this time, in milliseconds.',
      default: 10_000,
      env: 'WEBHOOK_REQUEST_TIMEOUT_MS',
    }),
    max_queued_events: setting(count(1), {
      doc: 'Events that may wait for one endpoint; further ones are dropped, counted and logged.',
      default: 10_000,
      env: 'WEBHOOK_MAX_QUEUED_EVENTS',
    }),
    max_queued_bytes: setting(bytes(1), {
      doc: 'Bytes of the events that may wait for one endpoint.',
      default: 16_777_216,
      env: 'WEBHOOK_MAX_QUEUED_BYTES',
    }),
    vacated_delay_ms: setting(milliseconds(0), {
      doc: 'How long `channel_vacated` and `member_removed` are held, in milliseconds. Whoever is back by then was never gone.',
      default: 3000,
      env: 'WEBHOOK_VACATED_DELAY_MS',
    }),
  },
  metrics: {
    enabled: setting(boolean, {
      doc: 'Whether metrics are served on a port of their own.',
      default: true,
      env: 'METRICS_ENABLED',
    }),
    driver: setting(oneOf('prometheus'), {
      doc: 'Form of the metrics.',
      default: 'prometheus',
      env: 'METRICS_DRIVER',
    }),
    host: setting(host, {
      doc: 'Address that metrics are served on. Only this machine by default (0.0.0.0 in Sockudo), since they are served to whoever asks.',
      default: '127.0.0.1',
      env: 'METRICS_HOST',
    }),
    port: setting(port, {
      doc: 'Port that metrics are served on.',
      default: 9601,
      env: 'METRICS_PORT',
    }),
    prometheus: {
      prefix: setting(metricPrefix, {
        doc: 'In front of every metric name.',
        default: 'sluice_',
        env: 'METRICS_PROMETHEUS_PREFIX',
      }),
    },
  },
  logging: {
    level: setting(oneOf('debug', 'info', 'warn', 'error'), {
      doc: 'The least important lines that are written. `debug: true` sets `debug`.',
      default: 'info',
      env: 'LOG_LEVEL',
    }),
    format: setting(oneOf('auto', 'human', 'json'), {
      doc: 'Form of the lines. `auto`: human on a terminal, JSON elsewhere.',
      default: 'auto',
      env: 'LOG_OUTPUT_FORMAT',
    }),
    colors_enabled: setting(boolean, {
      doc: 'Colours in the human form, on a terminal.',
      default: true,
      env: 'LOG_COLORS_ENABLED',
    }),
  },
} as const;
