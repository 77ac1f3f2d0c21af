import { parseArgs } from 'node:util';
import { GROUP_TITLES, ROWS } from '../rows/index.ts';
import type { AppCredentials, Endpoint } from '../target.ts';
import { UsageError } from './usage-error.ts';

export interface Options {
  readonly endpoint: Endpoint;
  readonly app: AppCredentials;
  /** Groups and ids of rows; null for all. */
  readonly only: readonly string[] | null;
  readonly json: string | null;
  /** Where the suite listens for webhooks of the app; null: the server sends none. */
  readonly webhookPort: number | null;
  /** Of the row of many connections; null for what any machine can do. */
  readonly connections: number | null;
}

const FLAGS = {
  help: { type: 'boolean', short: 'h' },
  url: { type: 'string' },
  'app-id': { type: 'string' },
  'app-key': { type: 'string' },
  'app-secret': { type: 'string' },
  only: { type: 'string' },
  json: { type: 'string' },
  'webhook-port': { type: 'string' },
  connections: { type: 'string' },
  tls: { type: 'boolean' },
} as const;

type Flags = ReturnType<typeof readFlags>;
type TextFlag = 'url' | 'app-id' | 'app-key' | 'app-secret' | 'only' | 'json';
type NumberFlag = 'webhook-port' | 'connections';

const MAX_PORT = 65_535;
/** Of one process of the suite, with all that the others of its rows have open. */
const MAX_CONNECTIONS = 60_000;

const SCHEMES = new Map([
  ['ws:', false],
  ['http:', false],
  ['wss:', true],
  ['https:', true],
]);

/** `null`: help was asked for. */
export function parseOptions(args: readonly string[]): Options | null {
  const flags = readFlags(args);
  if (flags.help === true) return null;
  return {
    endpoint: endpointOf(flags),
    app: { id: required(flags, 'app-id'), key: required(flags, 'app-key'), secret: required(flags, 'app-secret') },
    only: flags.only === undefined ? null : onlyOf(flags.only),
    json: flags.json === undefined ? null : required(flags, 'json'),
    webhookPort: numberOf(flags, 'webhook-port', MAX_PORT),
    connections: numberOf(flags, 'connections', MAX_CONNECTIONS),
  };
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: false, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function required(flags: Flags, name: TextFlag): string {
  const value = flags[name];
  if (value === undefined || value === '') throw new UsageError(`--${name} is missing`);
  return value;
}

function numberOf(flags: Flags, name: NumberFlag, max: number): number | null {
  const text = flags[name];
  if (text === undefined) return null;
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > max) throw new UsageError(`--${name}: expected a number from 1 to ${max}, got "${text}"`);
  return number;
}

function endpointOf(flags: Flags): Endpoint {
  const text = required(flags, 'url');
  const url = URL.parse(text);
  const scheme = url === null ? undefined : SCHEMES.get(url.protocol);
  const isPlain = url?.search === '' && url.hash === '' && url.username === '';
  if (url === null || scheme === undefined || url.hostname === '' || !isPlain) {
    throw new UsageError(`--url: expected ws://host:port[/prefix] or wss://…, got "${text}"`);
  }
  const secure = scheme || flags.tls === true;
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  // The brackets of an IPv6 address are of the URL.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port, secure, prefix: url.pathname.replace(/\/+$/, '') };
}

function onlyOf(text: string): string[] {
  const known = new Set([...Object.keys(GROUP_TITLES), ...ROWS.map(({ id }) => id)]);
  const names = text.split(',').map((name) => name.trim().toUpperCase());
  for (const name of names) {
    if (!known.has(name)) {
      const groups = Object.keys(GROUP_TITLES).join(', ');
      throw new UsageError(`--only: expected groups (${groups}) or rows such as HS-01, got "${name}"`);
    }
  }
  return names;
}
