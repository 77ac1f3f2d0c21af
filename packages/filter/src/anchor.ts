import type { FilterNode } from './node.ts';

/** A tag that a message must have: with this value, or, without one, with any. */
export interface Pin {
  readonly key: string;
  readonly value: string | undefined;
}

/** What a filter is found by: it holds only for messages that have at least one of the pins. */
export interface Anchor {
  readonly pins: readonly Pin[];
  /** It holds for all of them, too: the predicate need not be asked. */
  readonly isExact: boolean;
}

/**
 * The anchors a filter can be found by, of which the index takes one; none, when it can hold for a message without any
 * particular tag. An `and` offers those of all its parts, an `or` needs one of each part.
 */
export function anchors(node: FilterNode): readonly Anchor[] {
  switch (node.kind) {
    case 'text':
      if (node.cmp === 'eq') return [pinned(node.key, [node.value])];
      return node.cmp === 'neq' ? [] : [present(node.key, { isExact: false })];
    case 'numeric':
      return [present(node.key, { isExact: false })];
    case 'member':
      return node.cmp === 'in' ? [pinned(node.key, node.values)] : [];
    case 'exists':
      return node.cmp === 'ex' ? [present(node.key, { isExact: true })] : [];
    case 'not':
      return [];
    case 'branch':
      return node.op === 'and' ? node.nodes.flatMap(anchors).map(asNecessary) : joined(node.nodes);
  }
}

function pinned(key: string, values: readonly string[]): Anchor {
  return { pins: values.map((value) => ({ key, value })), isExact: true };
}

function present(key: string, { isExact }: { readonly isExact: boolean }): Anchor {
  return { pins: [{ key, value: undefined }], isExact };
}

function asNecessary({ pins }: Anchor): Anchor {
  return { pins, isExact: false };
}

/** Of each part the anchor of the fewest messages: one by value, if there is any. */
function joined(nodes: readonly FilterNode[]): readonly Anchor[] {
  const chosen: Anchor[] = [];
  for (const node of nodes) {
    const offered = anchors(node);
    const best = offered.find(isByValue) ?? offered[0];
    if (best === undefined) return [];
    chosen.push(best);
  }
  return [{ pins: chosen.flatMap((anchor) => anchor.pins), isExact: chosen.every((anchor) => anchor.isExact) }];
}

function isByValue({ pins }: Anchor): boolean {
  return pins.every((pin) => pin.value !== undefined);
}
