import { type Algorithm, ALGORITHMS } from './codec.ts';

/** One value of `channel_delta_compression`, checked. Members that an object leaves out are those of {@link RULE_DEFAULTS}. */
export type ChannelRule = 'inherit' | 'disabled' | Algorithm | ChannelRuleObject;

export interface ChannelRuleObject {
  readonly enabled: boolean;
  readonly algorithm: Algorithm;
  /** Null: as the section says. */
  readonly conflationKey: string | null;
  /** Null: as the section says. */
  readonly conflationIntervalMs: number | null;
  readonly maxMessagesPerKey: number;
  readonly maxConflationKeys: number;
  readonly enableTags: boolean;
}

export const RULE_DEFAULTS: ChannelRuleObject = {
  enabled: true,
  algorithm: 'fossil',
  conflationKey: null,
  conflationIntervalMs: null,
  maxMessagesPerKey: 10,
  maxConflationKeys: 100,
  enableTags: true,
};

/** One thing that is wrong with `channel_delta_compression`. */
export interface RuleProblem {
  readonly pattern: string;
  /** Of the pattern's object; `undefined`: the pattern itself, or its value as a whole. */
  readonly member: string | undefined;
  /** `name`: there can be no such pattern or member, whatever its value. */
  readonly wrong: 'name' | 'value';
  readonly value: unknown;
  readonly expected: string;
}

export interface ParsedRules {
  /** Without those that have a problem of their own. */
  readonly rules: ReadonlyMap<string, ChannelRule>;
  readonly problems: readonly RuleProblem[];
}

/** Most frames or keys that may be asked for. */
export const MAX_COUNT = 10_000;
export const MAX_CONFLATION_INTERVAL_MS = 60_000;

/** Reads `channel_delta_compression`: patterns of channel names, each with what holds for them. */
export function parseChannelRules(raw: Readonly<Record<string, unknown>>): ParsedRules {
  const rules = new Map<string, ChannelRule>();
  const problems: RuleProblem[] = [];
  for (const [pattern, value] of Object.entries(raw)) {
    const before = problems.length;
    if (pattern.split('*').length > 2) {
      problems.push({ pattern, member: undefined, wrong: 'name', value, expected: 'a pattern with at most one *' });
    }
    const rule = parseRule(value, (problem) => problems.push({ pattern, ...problem }));
    if (rule !== undefined && problems.length === before) rules.set(pattern, rule);
  }
  return { rules, problems };
}

type Report = (problem: Omit<RuleProblem, 'pattern'>) => void;

function parseRule(raw: unknown, report: Report): ChannelRule | undefined {
  if (raw === 'inherit' || raw === 'disabled') return raw;
  const algorithm = algorithmNamed(raw);
  if (algorithm !== undefined) return algorithm;
  if (isObject(raw)) return parseObject(raw, report);
  const expected = 'one of inherit, disabled, fossil, xdelta3, or an object';
  report({ member: undefined, wrong: 'value', value: raw, expected });
  return undefined;
}

function parseObject(raw: Readonly<Record<string, unknown>>, report: Report): ChannelRule {
  const rule: { -readonly [Member in keyof ChannelRuleObject]: ChannelRuleObject[Member] } = { ...RULE_DEFAULTS };
  const expect = (member: string, expected: string): void => {
    report({ member, wrong: 'value', value: raw[member], expected });
  };
  for (const [name, value] of Object.entries(raw)) {
    switch (name) {
      case 'enabled':
        if (typeof value === 'boolean') rule.enabled = value;
        else expect(name, 'true or false');
        break;
      case 'enable_tags':
        if (typeof value === 'boolean') rule.enableTags = value;
        else expect(name, 'true or false');
        break;
      case 'algorithm':
        rule.algorithm = algorithmNamed(value) ?? rule.algorithm;
        if (algorithmNamed(value) === undefined) expect(name, 'fossil or xdelta3');
        break;
      case 'conflation_key':
        if (value === null || (typeof value === 'string' && value !== '')) rule.conflationKey = value;
        else expect(name, 'the path of a member, or null');
        break;
      case 'conflation_interval_ms':
        if (isWhole(value, 0, MAX_CONFLATION_INTERVAL_MS)) rule.conflationIntervalMs = value;
        else expect(name, `a whole number from 0 to ${MAX_CONFLATION_INTERVAL_MS}`);
        break;
      case 'max_messages_per_key':
        if (isWhole(value, 1, MAX_COUNT)) rule.maxMessagesPerKey = value;
        else expect(name, `a whole number from 1 to ${MAX_COUNT}`);
        break;
      case 'max_conflation_keys':
        if (isWhole(value, 1, MAX_COUNT)) rule.maxConflationKeys = value;
        else expect(name, `a whole number from 1 to ${MAX_COUNT}`);
        break;
      default:
        report({ member: name, wrong: 'name', value, expected: `one of ${MEMBERS.join(', ')}` });
    }
  }
  return rule;
}

const MEMBERS = [
  'enabled',
  'algorithm',
  'conflation_key',
  'conflation_interval_ms',
  'max_messages_per_key',
  'max_conflation_keys',
  'enable_tags',
];

/** Sockudo writes them with a capital inside objects and in small letters elsewhere; here both are read everywhere. */
export function algorithmNamed(raw: unknown): Algorithm | undefined {
  if (typeof raw !== 'string') return undefined;
  const lower = raw.toLowerCase();
  return lower === 'vcdiff' ? 'xdelta3' : ALGORITHMS.find((algorithm) => algorithm === lower);
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
