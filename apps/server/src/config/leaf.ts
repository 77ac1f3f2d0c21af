import type { Format } from './formats.ts';

/** One key of the configuration. The first five members are what convict calls them. */
export type Leaf<T> = {
  readonly doc: string;
  /** Name of the format in convict. */
  readonly format: string;
  readonly default: T;
  readonly env: string;
  /** Flag without its dashes; the empty text where there is none. */
  readonly arg: string;
  readonly kind: Format<T>;
  /** In place of a default that depends on where the program runs. */
  readonly defaultText: string | undefined;
  /** Contains secrets: never shown. */
  readonly secret: boolean;
};

export interface Section {
  readonly [key: string]: Section | Leaf<unknown>;
}

interface LeafOptions<T> {
  readonly doc: string;
  readonly default: T;
  readonly env: string;
  readonly arg?: string;
  readonly defaultText?: string;
  readonly secret?: boolean;
}

export function setting<T>(kind: Format<T>, options: LeafOptions<NoInfer<T>>): Leaf<T> {
  return {
    doc: options.doc,
    format: kind.expected,
    default: options.default,
    env: options.env,
    arg: options.arg ?? '',
    kind,
    defaultText: options.defaultText,
    secret: options.secret ?? false,
  };
}

export function isLeaf(node: Section | Leaf<unknown>): node is Leaf<unknown> {
  return Object.hasOwn(node, 'kind');
}

export interface NamedLeaf {
  readonly path: string;
  readonly leaf: Leaf<unknown>;
}

export function leavesOf(section: Section, parent = ''): NamedLeaf[] {
  return Object.entries(section).flatMap(([key, node]) => {
    const path = parent === '' ? key : `${parent}.${key}`;
    return isLeaf(node) ? [{ path, leaf: node }] : leavesOf(node, path);
  });
}

/** The plain values of a section of leaves. */
export type ValuesOf<S> = { [K in keyof S]: S[K] extends Leaf<infer T> ? T : ValuesOf<S[K]> };
