import type { FilterNode } from './node.ts';

/** A filter in its simplest form, and the text by which filters that mean the same are recognised. */
export interface Canonical {
  readonly node: FilterNode;
  readonly text: string;
  /** What a branch or a negation is made of, in this form already: nothing is simplified twice, however deep. */
  readonly parts: readonly Canonical[];
}

/**
 * Brings filters that say the same in different words to one form: order and repetition of nodes and values, nesting
 * of one operator in itself, double negation, `in` of one value, `or` of equalities. What it makes holds for exactly
 * the same tags.
 */
export function canonical(node: FilterNode): Canonical {
  switch (node.kind) {
    case 'text':
    case 'numeric':
      return leaf(node, node.value);
    case 'exists':
      return leaf(node, null);
    case 'member':
      return member(node);
    case 'not':
      return negation(canonical(node.node));
    case 'branch':
      return branch(node.op, node.nodes.map(canonical));
  }
}

type Leaf = Extract<FilterNode, { readonly key: string }>;
type Member = Extract<FilterNode, { readonly kind: 'member' }>;
type Branch = 'and' | 'or';

function leaf(node: Leaf, value: string | number | readonly string[] | null): Canonical {
  // A JSON array: no name or value can be taken for a part of the form.
  return { node, text: JSON.stringify([node.cmp, node.key, value]), parts: [] };
}

function member(node: Member): Canonical {
  const values = [...new Set(node.values)].sort();
  const [only] = values;
  if (values.length > 1 || only === undefined) return leaf({ ...node, values }, values);
  return leaf({ kind: 'text', key: node.key, cmp: node.cmp === 'in' ? 'eq' : 'neq', value: only }, only);
}

/** The opposites hold for a missing tag just where `not` does; `gt` and `lte` are none, both are false there. */
function negation(part: Canonical): Canonical {
  const { node } = part;
  const [inner] = part.parts;
  if (node.kind === 'not' && inner !== undefined) return inner;
  if (node.kind === 'member') return member({ ...node, cmp: node.cmp === 'in' ? 'nin' : 'in' });
  if (node.kind === 'exists') return leaf({ ...node, cmp: node.cmp === 'ex' ? 'nex' : 'ex' }, null);
  if (node.kind === 'text' && (node.cmp === 'eq' || node.cmp === 'neq')) {
    return leaf({ ...node, cmp: node.cmp === 'eq' ? 'neq' : 'eq' }, node.value);
  }
  return { node: { kind: 'not', node }, text: `["not",${part.text}]`, parts: [part] };
}

function branch(op: Branch, nodes: readonly Canonical[]): Canonical {
  const flat = nodes.flatMap((part) => (part.node.kind === 'branch' && part.node.op === op ? part.parts : [part]));
  const distinct = new Map<string, Canonical>();
  for (const part of op === 'or' ? gathered(flat) : flat) distinct.set(part.text, part);
  const parts = [...distinct.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  return {
    node: { kind: 'branch', op, nodes: parts.map((part) => part.node) },
    text: `["${op}",${parts.map((part) => part.text).join(',')}]`,
    parts,
  };
}

/** The parts of an `or`, with all equalities of one tag made one `in`, by which the index finds it. */
function gathered(parts: readonly Canonical[]): readonly Canonical[] {
  const values = new Map<string, string[]>();
  const rest: Canonical[] = [];
  for (const part of parts) {
    const equal = equalTo(part.node);
    if (equal === undefined) {
      rest.push(part);
      continue;
    }
    const wanted = values.get(equal.key);
    if (wanted === undefined) values.set(equal.key, [...equal.values]);
    else wanted.push(...equal.values);
  }
  for (const [key, wanted] of values) rest.push(member({ kind: 'member', key, cmp: 'in', values: wanted }));
  return rest;
}

function equalTo(node: FilterNode): { readonly key: string; readonly values: readonly string[] } | undefined {
  if (node.kind === 'member' && node.cmp === 'in') return node;
  return node.kind === 'text' && node.cmp === 'eq' ? { key: node.key, values: [node.value] } : undefined;
}
