import { decode } from './formats.ts';
import { reasonWithoutEffect } from './inert-keys.ts';
import { isLeaf, type Leaf, type Section } from './leaf.ts';
import { nearestName } from './nearest.ts';
import { childPath, describeFound, describeKind, isRecord, keyName, type Report } from './problem.ts';
import { LEAVES, SCHEMA } from './schema.ts';

interface Origin {
  readonly path: string;
  readonly source: string;
}

/** Refuses a value that is not what the key takes. */
export function checkValue(leaf: Leaf<unknown>, raw: unknown, at: Origin & { readonly report: Report }): boolean {
  if (decode(leaf.kind, raw) !== undefined) return true;
  const { path, source, report } = at;
  const found = leaf.secret ? describeKind(raw) : describeFound(raw);
  report.problems.push({ path, source, found, expected: leaf.kind.expected });
  return false;
}

/** The part of a file that can be merged: known keys with right values. The rest goes to the report. */
export function readTree(tree: Readonly<Record<string, unknown>>, file: string, report: Report): FileValues {
  const given = new Set<string>();
  return { tree: readSection(SCHEMA, tree, { path: '', file, report, given }), given };
}

export interface FileValues {
  readonly tree: Readonly<Record<string, unknown>>;
  /** Paths of the keys in it. */
  readonly given: ReadonlySet<string>;
}

interface Visit {
  readonly path: string;
  readonly file: string;
  readonly report: Report;
  readonly given: Set<string>;
}

function readSection(section: Section, raw: Readonly<Record<string, unknown>>, visit: Visit): Record<string, unknown> {
  const { file, report, given } = visit;
  const clean: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(raw)) {
    const path = childPath(visit.path, key);
    const node = Object.hasOwn(section, key) ? section[key] : undefined;
    const inert = node === undefined ? reasonWithoutEffect(path) : undefined;
    if (inert !== undefined) {
      report.notices.push(`${path} in ${file} has no effect here: ${inert}`);
    } else if (node === undefined) {
      report.problems.push({
        path,
        source: file,
        found: 'an unknown key',
        expected: nearestKey(section, key, visit.path),
      });
    } else if (isLeaf(node)) {
      if (!checkValue(node, value, { path, source: file, report })) continue;
      clean[key] = value;
      given.add(path);
    } else if (isRecord(value)) {
      clean[key] = readSection(node, value, { ...visit, path });
    } else if (value !== null) {
      // A section whose keys are all commented out is null in YAML, and Sockudo writes `"logging": null`.
      const expected = `a section with ${Object.keys(node).join(', ')}`;
      report.problems.push({ path, source: file, found: describeFound(value), expected });
    }
  }
  return clean;
}

function nearestKey(section: Section, key: string, parent: string): string {
  const sibling = nearestName(key, Object.keys(section));
  if (sibling !== undefined) return childPath(parent, sibling);
  // Perhaps the right key in the wrong section; rather one beneath, then one that is not deep.
  const rank = (path: string): number => (path.startsWith(`${parent}.`) ? 0 : path.split('.').length);
  const [elsewhere] = LEAVES.filter(({ path }) => path.endsWith(`.${key}`) || path === key).toSorted(
    (one, other) => rank(one.path) - rank(other.path),
  );
  if (elsewhere !== undefined) return elsewhere.path;
  const where = parent === '' ? 'at the top' : `in ${parent}`;
  return `one of the keys ${where}: ${Object.keys(section).map(keyName).join(', ')}`;
}
