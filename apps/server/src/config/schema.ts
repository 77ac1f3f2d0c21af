import convict from 'convict';
import { boolean, count, kilobytes, oneOf, port, type RawRecord, recordList, seconds } from './formats.ts';
import { leavesOf, type NamedLeaf, type Section, setting, type ValuesOf } from './leaf.ts';
import { ACCESS_SECTIONS } from './schema-access.ts';
import { CLUSTER_SECTIONS } from './schema-cluster.ts';
import { DELTA_SECTIONS } from './schema-delta.ts';
import { LIMIT_SECTIONS } from './schema-limits.ts';
import { OPERATION_SECTIONS } from './schema-operations.ts';
import { WEBSOCKET_SECTION } from './schema-websocket.ts';
import { host, pathPrefix } from './text-formats.ts';

const NO_APPS: readonly RawRecord[] = [];

/** Every key. Names and environment variables are those of Sockudo 3.x wherever the meaning is the same. */
export const SCHEMA = {
  host: setting(host, {
    doc: 'Address to listen on for clients and the HTTP API.',
    default: '0.0.0.0',
    env: 'HOST',
    arg: 'host',
  }),
  port: setting(port, {
    doc: 'Port to listen on for clients and the HTTP API.',
    default: 6001,
    env: 'PORT',
    arg: 'port',
  }),
  path_prefix: setting(pathPrefix, {
    doc: 'In front of every path.',
    default: '/',
    env: 'PATH_PREFIX',
  }),
  workers: setting(count(0, 1024), {
    doc: 'Worker processes. 0: one per core that this process may use.',
    default: 0,
    env: 'WORKERS',
    arg: 'workers',
  }),
  max_connections: setting(count(0), {
    doc: 'Connections of all apps on this node. 0: unlimited.',
    default: 0,
    env: 'SLUICE_MAX_CONNECTIONS',
  }),
  activity_timeout: setting(seconds(1), {
    doc: 'Seconds of silence after which a client is asked for a sign of life.',
    default: 120,
    env: 'ACTIVITY_TIMEOUT',
  }),
  pong_timeout: setting(seconds(1), {
    doc: 'Seconds within which the client has to give it; after them it is closed with 4201.',
    default: 30,
    env: 'PONG_TIMEOUT',
  }),
  user_authentication_timeout: setting(seconds(1), {
    doc: 'Seconds within which connections of an app with `enable_user_authentication` have to sign in or join a private or presence channel (3600 in Sockudo).',
    default: 30,
    env: 'USER_AUTHENTICATION_TIMEOUT',
  }),
  websocket_max_payload_kb: setting(kilobytes(1), {
    doc: 'Largest message a client may send, in KB; more is closed with 1009. The smallest of this, `websocket.max_message_size` and `websocket.max_frame_size` holds.',
    default: 64,
    env: 'WEBSOCKET_MAX_PAYLOAD_KB',
  }),
  shutdown_grace_period: setting(seconds(0), {
    doc: 'The longest a shutdown may take, in seconds, before what is left is cut off. The two times of `shutdown` have to fit in.',
    default: 10,
    env: 'SHUTDOWN_GRACE_PERIOD',
  }),
  debug: setting(boolean, {
    doc: 'Sets the log level to `debug`.',
    default: false,
    env: 'DEBUG',
  }),
  ...ACCESS_SECTIONS,
  ...CLUSTER_SECTIONS,
  ...OPERATION_SECTIONS,
  app_manager: {
    driver: setting(oneOf('memory'), {
      doc: 'Where apps are kept. `memory`: in this configuration.',
      default: 'memory',
      env: 'APP_MANAGER_DRIVER',
    }),
    array: {
      apps: setting(recordList('apps'), {
        doc: 'The apps; in the environment one JSON array. Without any there is one default app.',
        default: NO_APPS,
        defaultText: 'one default app',
        env: 'APPS',
        secret: true,
      }),
    },
  },
  ...LIMIT_SECTIONS,
  websocket: WEBSOCKET_SECTION,
  ...DELTA_SECTIONS,
} as const satisfies Section;

export type Values = ValuesOf<typeof SCHEMA>;

export const LEAVES: readonly NamedLeaf[] = leavesOf(SCHEMA);

/** A convict configuration that knows nothing yet but the defaults and these variables. */
export function newConfig(env: Readonly<Record<string, string>>): convict.Config<Values> {
  for (const { leaf } of LEAVES) {
    convict.addFormat({
      name: leaf.format,
      validate: (value: unknown) => {
        if (!leaf.kind.validate(value)) throw new Error(`must be ${leaf.format}`);
      },
      coerce: leaf.kind.coerce,
    });
  }
  // The types of convict know its own format names only.
  return convict(SCHEMA as unknown as convict.Schema<Values>, { env, args: [] });
}

/** The key whose items are checked field by field (app-records.ts). */
export const APPS_PATH = 'app_manager.array.apps';

/** The value at the dotted path of a key that is there. */
export function valueAt(values: object, path: string): unknown {
  let node: unknown = values;
  for (const key of path.split('.')) node = (node as Readonly<Record<string, unknown>>)[key];
  return node;
}
