import type { Algorithm } from './codec.ts';

/** One value of `channel_delta_compression`, checked. Members that an object leaves out are those of {@link RULE_DEFAULTS}. */
export type ChannelRule = 'inherit' | 'disabled' | Algorithm | ChannelRuleObject;

export interface ChannelRuleObject {
  readonly enabled: boolean;
  readonly algorithm: Algorithm;
  readonly conflationKey: string | undefined;
  readonly conflationIntervalMs: number | undefined;
  readonly maxMessagesPerKey: number;
  readonly maxConflationKeys: number;
  readonly enableTags: boolean;
}

export const RULE_DEFAULTS: ChannelRuleObject = {
  enabled: true,
  algorithm: 'fossil',
  conflationKey: undefined,
  conflationIntervalMs: undefined,
  maxMessagesPerKey: 10,
  maxConflationKeys: 100,
  enableTags: true,
};

export type ParsedRules =
  | { readonly rules: ReadonlyMap<string, ChannelRule> }
  | { readonly problems: readonly string[] };

/** Most frames or keys that may be asked for. */
const MAX_COUNT = 10_000;
const MAX_INTERVAL_MS = 60_000;

/** Reads `channel_delta_compression`: patterns of channel names, each with what holds for them. */
export function parseChannelRules(raw: unknown): ParsedRules {
  if (!isObject(raw)) return { problems: ['channel_delta_compression: expected an object of patterns'] };
  const rules = new Map<string, ChannelRule>();
  const problems: string[] = [];
  for (const [pattern, value] of Object.entries(raw)) {
    const at = `channel_delta_compression["${pattern}"]`;
    if (pattern.split('*').length > 2) problems.push(`${at}: a pattern has at most one *`);
    const rule = parseRule(value, (problem) => problems.push(`${at}${problem}`));
    if (rule !== undefined) rules.set(pattern, rule);
  }
  return problems.length > 0 ? { problems } : { rules };
}

function parseRule(raw: unknown, report: (problem: string) => void): ChannelRule | undefined {
  if (raw === 'inherit' || raw === 'disabled') return raw;
  const algorithm = algorithmOf(raw);
  if (algorithm !== undefined) return algorithm;
  if (isObject(raw)) return parseObject(raw, report);
  report(`: expected "inherit", "disabled", "fossil", "xdelta3" or an object, found ${JSON.stringify(raw)}`);
  return undefined;
}

function parseObject(raw: Readonly<Record<string, unknown>>, report: (problem: string) => void): ChannelRule {
  const rule: { -readonly [Member in keyof ChannelRuleObject]: ChannelRuleObject[Member] } = { ...RULE_DEFAULTS };
  const expect = (name: string, expected: string): void => report(`.${name}: expected ${expected}`);
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
        rule.algorithm = algorithmOf(value) ?? rule.algorithm;
        if (algorithmOf(value) === undefined) expect(name, '"fossil" or "xdelta3"');
        break;
      case 'conflation_key':
        if (value === null || (typeof value === 'string' && value !== '')) rule.conflationKey = value ?? undefined;
        else expect(name, 'the path of a member, or null');
        break;
      case 'conflation_interval_ms':
        if (isWhole(value, 0, MAX_INTERVAL_MS)) rule.conflationIntervalMs = value;
        else expect(name, `a whole number from 0 to ${MAX_INTERVAL_MS}`);
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
        report(`.${name}: unknown; known are ${MEMBERS.join(', ')}`);
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

/** Sockudo writes them in capitals inside objects and in small letters elsewhere; here both are read everywhere. */
function algorithmOf(raw: unknown): Algorithm | undefined {
  if (raw === 'fossil' || raw === 'Fossil') return 'fossil';
  return raw === 'xdelta3' || raw === 'Xdelta3' ? 'xdelta3' : undefined;
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
