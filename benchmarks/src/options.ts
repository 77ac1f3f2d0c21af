import { parseArgs } from 'node:util';

import { DEFAULT_APP, type Endpoint } from './endpoint.ts';
import { UsageError } from './errors.ts';
import { connectionLimit } from './file-limit.ts';
import { SCENARIOS, type ScenarioName } from './scenarios/index.ts';
import type { Scheduling } from './servers/sluice.ts';

export const TARGETS = ['sluice', 'soketi', 'bare', 'url'] as const;
export type TargetName = (typeof TARGETS)[number];

export interface Options {
  readonly scenarios: readonly ScenarioName[];
  readonly targets: readonly TargetName[];
  /** Runs of each scenario against each target. */
  readonly repeat: number;
  /** Clients of `connect`. */
  readonly connections: number;
  /** Clients of `idle`. */
  readonly idle: number;
  /** Clients of one channel; the other scenarios have multiples of it. */
  readonly subscribers: number;
  /** Of each measured phase. */
  readonly durationMs: number;
  readonly warmUpMs: number;
  readonly workers: number;
  readonly scheduling: Scheduling;
  /** A server that runs already. */
  readonly url: Endpoint | null;
  readonly json: string | null;
  /** A Markdown page. */
  readonly report: string | null;
  /** Whether the budgets are checked. */
  readonly check: boolean;
}

const FLAGS = {
  help: { type: 'boolean', short: 'h' },
  repeat: { type: 'string' },
  connections: { type: 'string' },
  subscribers: { type: 'string' },
  idle: { type: 'string' },
  duration: { type: 'string' },
  workers: { type: 'string' },
  scheduling: { type: 'string' },
  target: { type: 'string' },
  peer: { type: 'string' },
  url: { type: 'string' },
  'app-id': { type: 'string' },
  'app-key': { type: 'string' },
  'app-secret': { type: 'string' },
  json: { type: 'string' },
  report: { type: 'string' },
  check: { type: 'boolean' },
  quick: { type: 'boolean' },
} as const;

type Flags = ReturnType<typeof readFlags>['values'];

const FULL = { repeat: 3, connections: 15_000, idle: 100_000, subscribers: 1_000, seconds: 4, warmUpMs: 1_000 };
/** A verdict needs more runs than a look. */
const CHECKED = { ...FULL, repeat: 5 };
const QUICK = { repeat: 1, connections: 200, idle: 200, subscribers: 50, seconds: 0.5, warmUpMs: 200 };

/** `null`: help was asked for. */
export function parseOptions(args: readonly string[]): Options | null {
  const { values: flags, positionals } = readFlags(args);
  if (flags.help === true) return null;
  const defaults = flags.quick === true ? QUICK : flags.check === true ? CHECKED : FULL;
  const workers = numberIn(flags, { name: 'workers', fallback: 1, from: 1, to: 256 });
  const clients = (name: 'connections' | 'idle' | 'subscribers', fallback: number): number => {
    // Shared evenly by the workers.
    const atMost = Math.max(1, Math.min(200_000, connectionLimit() * workers));
    return whole(name, numberIn(flags, { name, fallback: Math.min(fallback, atMost), from: 1, to: atMost }));
  };
  const seconds = numberIn(flags, { name: 'duration', fallback: defaults.seconds, from: 0.1, to: 600 });
  return {
    scenarios: scenariosOf(positionals),
    targets: targetsOf(flags),
    repeat: whole('repeat', numberIn(flags, { name: 'repeat', fallback: defaults.repeat, from: 1, to: 50 })),
    connections: clients('connections', defaults.connections),
    idle: clients('idle', defaults.idle),
    subscribers: clients('subscribers', defaults.subscribers),
    durationMs: seconds * 1000,
    warmUpMs: Math.min(defaults.warmUpMs, seconds * 1000),
    workers: whole('workers', workers),
    scheduling: oneOf('scheduling', flags.scheduling ?? 'primary', ['primary', 'kernel']),
    url: flags.url === undefined ? null : endpointOf(flags.url, flags),
    json: flags.json ?? null,
    report: flags.report ?? null,
    check: flags.check ?? false,
  };
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function scenariosOf(names: readonly string[]): ScenarioName[] {
  const all = Object.keys(SCENARIOS) as ScenarioName[];
  // Of that many clients not every machine is capable.
  if (names.length === 0 || names.includes('all')) return all.filter((name) => name !== 'crowd');
  return [...new Set(names.map((name) => oneOf('scenario', name, all)))];
}

function targetsOf(flags: Flags): TargetName[] {
  if (flags.check === true && (flags.target ?? flags.url) !== undefined) {
    throw new UsageError('--check compares Sluice with the others: it goes with neither --target nor --url');
  }
  if (flags.peer !== undefined && flags.target !== undefined) {
    throw new UsageError('--peer adds a server to the run, and --target leaves one: give one of them');
  }
  const own = flags.url === undefined ? 'sluice' : 'url';
  // Most budgets are ratios to the peer.
  const peer = flags.peer ?? (flags.check === true ? 'soketi' : undefined);
  const peers = peer === undefined ? [] : [oneOf('peer', peer, ['soketi'])];
  if (flags.target === undefined) return [own, ...peers, 'bare'];
  const only = oneOf('target', flags.target, ['sluice', 'bare', 'soketi']);
  return [only === 'sluice' ? own : only];
}

function endpointOf(text: string, flags: Flags): Endpoint {
  const url = URL.parse(text);
  if (url === null || !['http:', 'ws:'].includes(url.protocol)) {
    throw new UsageError(`--url: expected http://host:port[/prefix], got "${text}"`);
  }
  return {
    // The brackets of an IPv6 address are of the URL.
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 80 : Number(url.port),
    pathPrefix: url.pathname.replace(/\/+$/, ''),
    app: {
      id: flags['app-id'] ?? DEFAULT_APP.id,
      key: flags['app-key'] ?? DEFAULT_APP.key,
      secret: flags['app-secret'] ?? DEFAULT_APP.secret,
    },
  };
}

interface Range {
  readonly name: 'repeat' | 'connections' | 'idle' | 'subscribers' | 'duration' | 'workers';
  readonly fallback: number;
  readonly from: number;
  readonly to: number;
}

function numberIn(flags: Flags, { name, fallback, from, to }: Range): number {
  const text = flags[name];
  if (text === undefined) return fallback;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (!(value >= from && value <= to))
    throw new UsageError(`--${name}: expected a number from ${from} to ${to}, got "${text}"`);
  return value;
}

function whole(name: string, value: number): number {
  if (!Number.isInteger(value)) throw new UsageError(`--${name}: expected a whole number, got ${value}`);
  return value;
}

function oneOf<Choice extends string>(name: string, value: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw new UsageError(`${name}: expected one of ${choices.join(', ')}, got "${value}"`);
  return found;
}
