import type {
  Comparison,
  Conjunction,
  Disjunction,
  Existence,
  FilterExpression,
  FilterValue,
  Membership,
  Negation,
} from '@sluice/filter';

// What `filter` of a channel is built of: and(eq('league', 'nba'), gte('score', 10)).

export const eq = (key: string, val: FilterValue): Comparison => ({ key, cmp: 'eq', val });
/** Also for messages without the tag. */
export const neq = (key: string, val: FilterValue): Comparison => ({ key, cmp: 'neq', val });
export const startsWith = (key: string, val: FilterValue): Comparison => ({ key, cmp: 'sw', val });
export const endsWith = (key: string, val: FilterValue): Comparison => ({ key, cmp: 'ew', val });
export const contains = (key: string, val: FilterValue): Comparison => ({ key, cmp: 'ct', val });
export const gt = (key: string, val: number | string): Comparison => ({ key, cmp: 'gt', val });
export const gte = (key: string, val: number | string): Comparison => ({ key, cmp: 'gte', val });
export const lt = (key: string, val: number | string): Comparison => ({ key, cmp: 'lt', val });
export const lte = (key: string, val: number | string): Comparison => ({ key, cmp: 'lte', val });
export const oneOf = (key: string, vals: readonly FilterValue[]): Membership => ({ key, cmp: 'in', vals });
/** Also for messages without the tag. */
export const noneOf = (key: string, vals: readonly FilterValue[]): Membership => ({ key, cmp: 'nin', vals });
export const exists = (key: string): Existence => ({ key, cmp: 'ex' });
export const isMissing = (key: string): Existence => ({ key, cmp: 'nex' });
export const and = (...nodes: readonly FilterExpression[]): Conjunction => ({ op: 'and', nodes });
export const or = (...nodes: readonly FilterExpression[]): Disjunction => ({ op: 'or', nodes });
export const not = (node: FilterExpression): Negation => ({ op: 'not', nodes: [node] });
