import { FILTER_LIMITS, type FilterLimits } from './limits.ts';
import { type FilterNode, decimal } from './node.ts';
import { utf8Bytes } from './utf8.ts';
import type { ExistenceOperator, MembershipOperator, NumericOperator, TextOperator } from './wire.ts';

export type FilterResult =
  | { readonly ok: true; readonly node: FilterNode }
  /** Says which node is wrong and why, as in `filter.nodes[1].val: missing; …`. */
  | { readonly ok: false; readonly problem: string };

export interface ParseOptions {
  /** What the filter is called in problems: the member of the subscription. */
  readonly name?: string;
  readonly limits?: FilterLimits;
}

/** Reads and checks a filter. What is not understood is refused: a filter that is ignored would let everything through. */
export function parseFilter(value: unknown, options: ParseOptions = {}): FilterResult {
  const { name = 'filter', limits = FILTER_LIMITS } = options;
  try {
    return { ok: true, node: new FilterParser(limits).node(value, { at: name, depth: 1 }) };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, problem: error.message };
    throw error;
  }
}

/** Ends the parsing, however deep. Never leaves this file. */
class Refusal extends Error {}

interface Place {
  /** Path of the node, for problems. */
  readonly at: string;
  readonly depth: number;
}

type Members = Readonly<Record<string, unknown>>;

const LEAF_MEMBERS = ['key', 'cmp', 'val', 'vals'];
const BRANCH_MEMBERS = ['op', 'nodes'];
/** Where each operator finds what it compares with. */
const OPERATORS = new Map<string, Operator>([
  ...(['eq', 'neq', 'sw', 'ew', 'ct'] as const).map((cmp): [string, Operator] => [cmp, { kind: 'text', cmp }]),
  ...(['gt', 'gte', 'lt', 'lte'] as const).map((cmp): [string, Operator] => [cmp, { kind: 'numeric', cmp }]),
  ...(['in', 'nin'] as const).map((cmp): [string, Operator] => [cmp, { kind: 'member', cmp }]),
  ...(['ex', 'nex'] as const).map((cmp): [string, Operator] => [cmp, { kind: 'exists', cmp }]),
]);

type Operator =
  | { readonly kind: 'text'; readonly cmp: TextOperator }
  | { readonly kind: 'numeric'; readonly cmp: NumericOperator }
  | { readonly kind: 'member'; readonly cmp: MembershipOperator }
  | { readonly kind: 'exists'; readonly cmp: ExistenceOperator };

/** Longest piece of a client's own text that a problem repeats. */
const MAX_ECHO = 40;

class FilterParser {
  readonly #limits: FilterLimits;
  #nodes = 0;
  #bytes = 0;

  constructor(limits: FilterLimits) {
    this.#limits = limits;
  }

  node(value: unknown, { at, depth }: Place): FilterNode {
    if (depth > this.#limits.depth) refuse(at, `nested deeper than ${this.#limits.depth} levels`);
    if (++this.#nodes > this.#limits.nodes) refuse(at, `the filter has more than ${this.#limits.nodes} nodes`);
    if (!isMembers(value)) refuse(at, `expected an object, got ${describe(value)}`);
    const isBranch = isGiven(value, 'op');
    refuseOthers(value, { at, known: isBranch ? BRANCH_MEMBERS : LEAF_MEMBERS });
    return isBranch ? this.#branch(value, { at, depth }) : this.#leaf(value, at);
  }

  #branch(members: Members, { at, depth }: Place): FilterNode {
    const op = members['op'];
    if (op !== 'and' && op !== 'or' && op !== 'not') refuse(`${at}.op`, `expected and, or, not; got ${describe(op)}`);
    const children = members['nodes'];
    if (!Array.isArray(children) || children.length === 0) refuse(`${at}.nodes`, `${op} needs an array of nodes`);
    if (op === 'not' && children.length !== 1)
      refuse(`${at}.nodes`, `not takes exactly 1 node, got ${children.length}`);
    // Before the walk: a long array of bad nodes costs no more than a short one.
    if (children.length > this.#limits.nodes) refuse(`${at}.nodes`, `more than ${this.#limits.nodes} nodes`);
    const nodes = children.map((child: unknown, i) => this.node(child, { at: `${at}.nodes[${i}]`, depth: depth + 1 }));
    const [first] = nodes;
    return op === 'not' && first !== undefined
      ? { kind: 'not', node: first }
      : { kind: 'branch', op: op as 'and' | 'or', nodes };
  }

  #leaf(members: Members, at: string): FilterNode {
    if (!isGiven(members, 'cmp')) refuse(at, 'neither a branch with op and nodes nor a comparison with key and cmp');
    const cmp = members['cmp'];
    const operator = typeof cmp === 'string' ? OPERATORS.get(cmp) : undefined;
    if (operator === undefined) {
      refuse(`${at}.cmp`, `unknown operator ${describe(cmp)}; there are ${[...OPERATORS.keys()].join(', ')}`);
    }
    const key = this.#key(members['key'], `${at}.key`);
    if (isGiven(members, 'vals') && operator.kind !== 'member') refuse(`${at}.vals`, `${operator.cmp} takes no vals`);
    if (isGiven(members, 'val') && (operator.kind === 'member' || operator.kind === 'exists')) {
      refuse(`${at}.val`, `${operator.cmp} takes no val${operator.kind === 'member' ? '; give it vals' : ''}`);
    }
    switch (operator.kind) {
      case 'text':
        return { ...operator, key, value: this.#value(members['val'], `${at}.val`) };
      case 'numeric':
        return { ...operator, key, value: this.#number(members['val'], `${at}.val`) };
      case 'member':
        return { ...operator, key, values: this.#values(members['vals'], `${at}.vals`) };
      case 'exists':
        return { ...operator, key };
    }
  }

  #key(value: unknown, at: string): string {
    if (typeof value !== 'string' || value === '') refuse(at, `expected the name of a tag, got ${describe(value)}`);
    return this.#bounded(value, { at, bytes: this.#limits.keyBytes });
  }

  #value(value: unknown, at: string): string {
    if (value === undefined || value === null || value === '') refuse(at, 'missing; it cannot be empty');
    if (typeof value !== 'string' && typeof value !== 'boolean' && typeof value !== 'number') {
      refuse(at, `expected a string, a number or a boolean, got ${describe(value)}`);
    }
    return this.#bounded(String(value), { at, bytes: this.#limits.valueBytes });
  }

  #number(value: unknown, at: string): number {
    const number = decimal(this.#value(value, at));
    // An infinite one (1e999) has no JSON text, and filters are told apart by theirs.
    if (!Number.isFinite(number)) refuse(at, `expected a number, got ${describe(value)}`);
    return number;
  }

  #values(value: unknown, at: string): readonly string[] {
    if (!Array.isArray(value) || value.length === 0) refuse(at, 'expected an array with at least one value');
    if (value.length > this.#limits.values) refuse(at, `more than ${this.#limits.values} values`);
    return value.map((one: unknown, i) => this.#value(one, `${at}[${i}]`));
  }

  #bounded(text: string, { at, bytes }: { readonly at: string; readonly bytes: number }): string {
    const length = utf8Bytes(text);
    if (length > bytes) refuse(at, `${length} bytes, more than the ${bytes} allowed`);
    this.#bytes += length;
    if (this.#bytes > this.#limits.totalBytes) {
      refuse(at, `keys and values of the filter are more than ${this.#limits.totalBytes} bytes together`);
    }
    return text;
  }
}

function refuse(at: string, why: string): never {
  throw new Refusal(`${at}: ${why}`);
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Serialisers of some SDKs write every member of a node: null or empty where it has none. */
function isGiven(members: Members, name: string): boolean {
  const value = Object.hasOwn(members, name) ? members[name] : undefined;
  return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
}

function refuseOthers(
  members: Members,
  { at, known }: { readonly at: string; readonly known: readonly string[] },
): void {
  for (const name of Object.keys(members)) {
    if (known.includes(name) || !isGiven(members, name)) continue;
    refuse(at, `unexpected member ${describe(name)}; a node here has ${known.join(', ')}`);
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > MAX_ECHO ? `${value.slice(0, MAX_ECHO)}…` : value}'`;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return 'an array';
  if (value === undefined) return 'nothing';
  return value === null ? 'null' : 'an object';
}
