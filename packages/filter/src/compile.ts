import type { FilterNode, Tags } from './node.ts';
import { decimal } from './node.ts';
import type { NumericOperator } from './wire.ts';

export type Predicate = (tags: Tags) => boolean;

/** A filter as one function, made once. What it returns reads the tags and allocates nothing. */
export function compile(node: FilterNode): Predicate {
  switch (node.kind) {
    case 'text':
      return compileText(node);
    case 'numeric':
      return compileNumeric(node);
    case 'member': {
      const { key } = node;
      const values: ReadonlySet<string | undefined> = new Set(node.values);
      return node.cmp === 'in' ? (tags) => values.has(tags.get(key)) : (tags) => !values.has(tags.get(key));
    }
    case 'exists': {
      const { key } = node;
      return node.cmp === 'ex' ? (tags) => tags.has(key) : (tags) => !tags.has(key);
    }
    case 'not': {
      const inner = compile(node.node);
      return (tags) => !inner(tags);
    }
    case 'branch':
      return node.op === 'and' ? all(node.nodes.map(compile)) : some(node.nodes.map(compile));
  }
}

function compileText({ key, cmp, value }: FilterNode & { readonly kind: 'text' }): Predicate {
  switch (cmp) {
    case 'eq':
      return (tags) => tags.get(key) === value;
    case 'neq':
      return (tags) => tags.get(key) !== value;
    case 'sw':
      return (tags) => tags.get(key)?.startsWith(value) ?? false;
    case 'ew':
      return (tags) => tags.get(key)?.endsWith(value) ?? false;
    case 'ct':
      return (tags) => tags.get(key)?.includes(value) ?? false;
  }
}

function compileNumeric({ key, cmp, value }: FilterNode & { readonly kind: 'numeric' }): Predicate {
  const holds = comparison(cmp, value);
  return (tags) => {
    const tag = tags.get(key);
    return tag !== undefined && holds(decimal(tag));
  };
}

/** NaN, a tag that is no number, is neither more nor less than anything. */
function comparison(cmp: NumericOperator, value: number): (tag: number) => boolean {
  switch (cmp) {
    case 'gt':
      return (tag) => tag > value;
    case 'gte':
      return (tag) => tag >= value;
    case 'lt':
      return (tag) => tag < value;
    case 'lte':
      return (tag) => tag <= value;
  }
}

function all(parts: readonly Predicate[]): Predicate {
  return (tags) => {
    for (const part of parts) if (!part(tags)) return false;
    return true;
  };
}

function some(parts: readonly Predicate[]): Predicate {
  return (tags) => {
    for (const part of parts) if (part(tags)) return true;
    return false;
  };
}
