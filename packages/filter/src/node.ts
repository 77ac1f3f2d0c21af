import type { ExistenceOperator, MembershipOperator, NumericOperator, TextOperator } from './wire.ts';

/** A valid filter, as parsed. Values are texts, and numbers where numbers are compared. */
export type FilterNode =
  | { readonly kind: 'text'; readonly key: string; readonly cmp: TextOperator; readonly value: string }
  | { readonly kind: 'numeric'; readonly key: string; readonly cmp: NumericOperator; readonly value: number }
  | {
      readonly kind: 'member';
      readonly key: string;
      readonly cmp: MembershipOperator;
      readonly values: readonly string[];
    }
  | { readonly kind: 'exists'; readonly key: string; readonly cmp: ExistenceOperator }
  | { readonly kind: 'branch'; readonly op: 'and' | 'or'; readonly nodes: readonly FilterNode[] }
  | { readonly kind: 'not'; readonly node: FilterNode };

/** Tags of one message by name: a map, because names are the publisher's, and `__proto__` is one like any other. */
export type Tags = ReadonlyMap<string, string>;

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/** The number that a tag or a value of a filter is; NaN where it is none. `Number` alone would take '', ' 1 ' and '0x1'. */
export function decimal(text: string): number {
  return DECIMAL.test(text) ? Number(text) : Number.NaN;
}
