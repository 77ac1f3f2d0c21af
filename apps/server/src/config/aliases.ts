import { APP_FIELD_NAMES, variableOf } from './app-fields.ts';

/** A variable of Sockudo or soketi that is read as one of ours while ours is not set. */
export interface Alias {
  /** Our variable. */
  readonly target: string;
  /** Where the peer means the same in another unit or word. */
  readonly convert?: Conversion;
}

interface Conversion {
  readonly doc: string;
  /** Text that it does not understand goes through, to be refused under the name of the alias. */
  readonly apply: (text: string) => string;
}

const UNLIMITED: Conversion = {
  doc: '-1 is read as 0, unlimited',
  apply: (text) => (text.trim() === '-1' ? '0' : text),
};

const MILLISECONDS: Conversion = {
  doc: 'milliseconds are read as seconds, rounded up',
  apply: (text) => (/^\d{1,12}$/.test(text.trim()) ? String(Math.ceil(Number(text) / 1000)) : text),
};

const ARRAY_DRIVER: Conversion = {
  doc: '`array` is read as `memory`',
  apply: (text) => (text.trim() === 'array' ? 'memory' : text),
};

function sockudoAliases(): [string, Alias][] {
  const notThere = new Set(['additional_keys', 'enable_client_messages']);
  const fields = APP_FIELD_NAMES.filter((field) => !notThere.has(field));
  return [
    ...fields.map((field): [string, Alias] => {
      return [`SOCKUDO_DEFAULT_APP_${field.toUpperCase()}`, { target: variableOf(field) }];
    }),
    ['SOCKUDO_ENABLE_CLIENT_MESSAGES', { target: variableOf('enable_client_messages') }],
    ['SOCKUDO_MAX_CONNECTIONS', { target: 'SLUICE_MAX_CONNECTIONS' }],
    ['DEBUG_MODE', { target: 'DEBUG' }],
  ];
}

const SOKETI: Readonly<Record<string, Alias>> = {
  HOST: { target: 'HOST' },
  PORT: { target: 'PORT' },
  PATH_PREFIX: { target: 'PATH_PREFIX' },
  DEBUG: { target: 'DEBUG' },
  SHUTDOWN_GRACE_PERIOD: { target: 'SHUTDOWN_GRACE_PERIOD', convert: MILLISECONDS },
  ADAPTER_DRIVER: { target: 'ADAPTER_DRIVER' },
  APP_MANAGER_DRIVER: { target: 'APP_MANAGER_DRIVER', convert: ARRAY_DRIVER },
  CHANNEL_LIMITS_MAX_NAME_LENGTH: { target: 'CHANNEL_LIMITS_MAX_NAME_LENGTH' },
  EVENT_MAX_BATCH_SIZE: { target: 'EVENT_LIMITS_MAX_BATCH_SIZE' },
  EVENT_MAX_CHANNELS_AT_ONCE: { target: 'EVENT_LIMITS_MAX_CHANNELS_AT_ONCE' },
  EVENT_MAX_NAME_LENGTH: { target: 'EVENT_LIMITS_MAX_NAME_LENGTH' },
  EVENT_MAX_SIZE_IN_KB: { target: 'EVENT_LIMITS_MAX_PAYLOAD_IN_KB' },
  PRESENCE_MAX_MEMBERS: { target: 'PRESENCE_MAX_MEMBERS_PER_CHANNEL' },
  PRESENCE_MAX_MEMBER_SIZE: { target: 'PRESENCE_MAX_MEMBER_SIZE_IN_KB' },
  METRICS_ENABLED: { target: 'METRICS_ENABLED' },
  METRICS_DRIVER: { target: 'METRICS_DRIVER' },
  METRICS_HOST: { target: 'METRICS_HOST' },
  METRICS_SERVER_PORT: { target: 'METRICS_PORT' },
  METRICS_PROMETHEUS_PREFIX: { target: 'METRICS_PROMETHEUS_PREFIX' },
  DEFAULT_APP_ID: { target: variableOf('id') },
  DEFAULT_APP_KEY: { target: variableOf('key') },
  DEFAULT_APP_SECRET: { target: variableOf('secret') },
  DEFAULT_APP_ENABLED: { target: variableOf('enabled') },
  DEFAULT_APP_ENABLE_CLIENT_MESSAGES: { target: variableOf('enable_client_messages') },
  DEFAULT_APP_MAX_CONNS: { target: variableOf('max_connections'), convert: UNLIMITED },
  DEFAULT_APP_MAX_BACKEND_EVENTS_PER_SEC: { target: variableOf('max_backend_events_per_second'), convert: UNLIMITED },
  DEFAULT_APP_MAX_CLIENT_EVENTS_PER_SEC: { target: variableOf('max_client_events_per_second'), convert: UNLIMITED },
  DEFAULT_APP_MAX_READ_REQ_PER_SEC: { target: variableOf('max_read_requests_per_second'), convert: UNLIMITED },
};

/** Of two for the same variable the first wins. */
export const ALIASES: ReadonlyMap<string, Alias> = new Map([
  ...sockudoAliases(),
  ...Object.entries(SOKETI).map(([name, alias]): [string, Alias] => [`SOKETI_${name}`, alias]),
]);
