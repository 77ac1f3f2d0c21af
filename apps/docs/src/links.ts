import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

const IGNORED = new Set(['node_modules', 'dist', 'results']);

/** Every Markdown file of the repository, from its root. Folders whose name begins with a dot are tools' own. */
export function markdownFiles(root: string, folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name.startsWith('.') || IGNORED.has(entry.name) ? [] : markdownFiles(root, path);
    return entry.name.endsWith('.md') ? [relative(root, path).replaceAll(sep, '/')] : [];
  });
}

interface FoundLink {
  readonly line: number;
  readonly target: string;
}

/** Links to files and headings, not those to other sites; what stands in code is no link. */
export function linksOf(text: string): FoundLink[] {
  return proseLines(text).flatMap((line, index) => {
    const targets = [...line.replaceAll(/`[^`]*`/g, '``').matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)].map(
      (match) => match[1] ?? '',
    );
    return targets.filter((target) => !/^[a-z][a-z+.-]*:/i.test(target)).map((target) => ({ line: index + 1, target }));
  });
}

/** The anchors that GitHub gives to the headings of a page. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const line of proseLines(text)) {
    const title = /^#{1,6}\s+(.+?)\s*#*$/.exec(line)?.[1];
    if (title === undefined) continue;
    const plain = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const base = plain.replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '').replaceAll(' ', '-');
    let anchor = base;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${base}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** One line for each relative link that leads nowhere. */
export function brokenLinks(root: string): string[] {
  return markdownFiles(root).flatMap((file) => {
    const links = linksOf(readFileSync(join(root, file), 'utf8'));
    return links.flatMap(({ line, target }) => {
      const problem = problemOf(join(root, file), target);
      return problem === undefined ? [] : [`${file}:${line}: the link ${target} ${problem}; mend it in that file`];
    });
  });
}

function problemOf(file: string, target: string): string | undefined {
  const hash = target.indexOf('#');
  const path = hash === -1 ? target : target.slice(0, hash);
  const anchor = hash === -1 ? '' : target.slice(hash + 1);
  const leadsTo = path === '' ? file : join(dirname(file), decodeURIComponent(path));
  if (!existsSync(leadsTo)) return 'leads to no file';
  if (anchor === '' || !leadsTo.endsWith('.md') || statSync(leadsTo).isDirectory()) return undefined;
  return anchorsOf(readFileSync(leadsTo, 'utf8')).has(anchor) ? undefined : 'leads to no heading';
}

/** The lines, those in fenced blocks and comments empty. */
function proseLines(text: string): string[] {
  let fence: string | undefined;
  return text.split('\n').map((line) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined) {
      fence = mark;
      return mark === undefined && !line.startsWith('<!--') ? line : '';
    }
    if (mark?.startsWith(fence) === true) fence = undefined;
    return '';
  });
}
