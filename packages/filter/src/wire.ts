/** A filter as clients write it into the member `filter` (or `tags_filter`) of `pusher:subscribe`. */
export type FilterExpression = Comparison | Membership | Existence | Conjunction | Disjunction | Negation;

export interface Comparison {
  readonly key: string;
  readonly cmp: ComparisonOperator;
  readonly val: FilterValue;
}

export interface Membership {
  readonly key: string;
  readonly cmp: MembershipOperator;
  readonly vals: readonly FilterValue[];
}

export interface Existence {
  readonly key: string;
  readonly cmp: ExistenceOperator;
}

export interface Conjunction {
  readonly op: 'and';
  readonly nodes: readonly FilterExpression[];
}

export interface Disjunction {
  readonly op: 'or';
  readonly nodes: readonly FilterExpression[];
}

export interface Negation {
  readonly op: 'not';
  readonly nodes: readonly [FilterExpression];
}

/** Tags are texts; a number or a boolean is compared as the text that JSON writes for it. */
export type FilterValue = string | number | boolean;

export type ComparisonOperator = TextOperator | NumericOperator;
export type TextOperator = 'eq' | 'neq' | 'sw' | 'ew' | 'ct';
export type NumericOperator = 'gt' | 'gte' | 'lt' | 'lte';
export type MembershipOperator = 'in' | 'nin';
export type ExistenceOperator = 'ex' | 'nex';
