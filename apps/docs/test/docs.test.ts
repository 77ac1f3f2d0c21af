import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PUBLISH_ERRORS } from '@sluice/core';
import { HTTP_ERRORS } from '@sluice/http-api';
import { CLOSE, PROTOCOL_ERRORS } from '@sluice/protocol';
import { CLUSTER_METRICS, type MetricSpec, PRIMARY_METRICS, WORKER_METRICS } from '@sluice/telemetry';
import { referenceSections } from '../../server/src/config/reference.ts';
import { anchorsOf, brokenLinks, linksOf, markdownFiles } from '../src/links.ts';
import { PAGES, stalePages, writePages } from '../src/pages.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

function runMain(...args: string[]): { readonly status: number | null; readonly out: string; readonly error: string } {
  const main = join(ROOT, 'apps/docs/src/main.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=@sluice/source', main, ...args], {
    encoding: 'utf8',
  });
  return { status, out: stdout, error: stderr };
}

describe('the generated pages', () => {
  test('are what the code says', () => {
    assert.deepEqual(stalePages(ROOT), []);
  });

  test('have every error with its text and its remedy', () => {
    const page = read('apps/docs/reference/errors.md');
    for (const [name, { text, remedy }] of Object.entries({ ...PROTOCOL_ERRORS, ...PUBLISH_ERRORS, ...HTTP_ERRORS })) {
      const wanted = [`| ${name} |`, `\`${text}\``, remedy.replace(/^Pusher[^.]*\. /, '')];
      assert.ok(
        page.split('\n').some((line) => wanted.every((part) => line.includes(part))),
        name,
      );
    }
  });

  test('have every close code with its reason', () => {
    const page = read('apps/docs/reference/errors.md');
    for (const [name, entry] of Object.entries(CLOSE)) {
      const { code, reason } = typeof entry === 'function' ? entry('%s') : entry;
      assert.ok(page.includes(`| ${name} | \`${code}\` | \`${reason}\` |`), name);
    }
  });

  test('have every metric, its labels, and a meaning for each label', () => {
    const page = read('apps/docs/reference/metrics.md');
    const lists: readonly Readonly<Record<string, MetricSpec>>[] = [WORKER_METRICS, PRIMARY_METRICS, CLUSTER_METRICS];
    for (const { name, type, labels, help } of lists.flatMap((list) => Object.values(list))) {
      const cells = [`\`sluice_${name}\``, type, labels.map((label) => `\`${label}\``).join(', '), help];
      assert.ok(page.includes(`| ${cells.join(' | ')} |`), name);
      for (const label of labels) assert.match(page, new RegExp(`^\\| \`${label}\` \\| .`, 'm'));
    }
  });

  test('have every key of the configuration, with its variable and its flag', () => {
    const page = read('apps/docs/reference/configuration.md');
    for (const { title, rows } of referenceSections()) {
      // Some names stand in several sections: `max_connections` of the node, and that of an app.
      const lines = page.slice(page.indexOf(`\n## ${title}\n`) + 1).split('\n');
      for (const { key, env, flag } of rows) {
        const row = lines.find((line) => line.startsWith(`| \`${key}\` |`)) ?? '';
        assert.notEqual(row, '', key);
        for (const name of [env, flag])
          assert.ok(name === undefined || row.includes(`\`${name}\``), `${key}: ${name ?? ''}`);
      }
    }
  });

  test('are written where they are missing or old, and left alone where they are right', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-docs-'));
    t.after(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, 'apps/docs/reference'), { recursive: true });
    writeFileSync(join(folder, 'apps/docs/reference/errors.md'), 'old');
    const files = PAGES.map(({ file }) => file);
    assert.deepEqual(
      stalePages(folder),
      files.map((file) => `${file} is not what the code says; run: npm run docs`),
    );
    assert.deepEqual(writePages(folder), files);
    assert.deepEqual(writePages(folder), []);
    assert.deepEqual(stalePages(folder), []);
  });
});

describe('links', () => {
  test('lead somewhere, in every Markdown file of the repository', () => {
    assert.ok(markdownFiles(ROOT).includes('README.md'));
    assert.deepEqual(brokenLinks(ROOT), []);
  });

  test('are found in prose and nowhere else', () => {
    const text = [
      'See [a](a.md) and [b](../b.md#part "title"), not [c](https://example.com) or `[d](d.md)`.',
      '```',
      '[e](e.md)',
      '```',
      '![picture](f.png) and [the top](#top)',
    ].join('\n');
    assert.deepEqual(linksOf(text), [
      { line: 1, target: 'a.md' },
      { line: 1, target: '../b.md#part' },
      { line: 5, target: 'f.png' },
      { line: 5, target: '#top' },
    ]);
  });

  test('to headings use the names that GitHub gives them', () => {
    const text = '# To change …, open …\n## `pusher:error` frames\n## Twice\n## Twice\n```\n# no heading\n```\n';
    assert.deepEqual([...anchorsOf(text)], ['to-change--open-', 'pushererror-frames', 'twice', 'twice-1']);
  });

  test('that lead nowhere are named with their file and line', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-docs-'));
    t.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'b.md'), '# There\n');
    writeFileSync(
      join(folder, 'a.md'),
      '# Here\n\n[1](#here) [2](b.md#there) [3](b.md)\n[4](#nowhere) [5](c.md) [6](b.md#x)\n',
    );
    assert.deepEqual(brokenLinks(folder), [
      'a.md:4: the link #nowhere leads to no heading; mend it in that file',
      'a.md:4: the link c.md leads to no file; mend it in that file',
      'a.md:4: the link b.md#x leads to no heading; mend it in that file',
    ]);
  });
});

describe('decision records', () => {
  const records = readdirSync(join(ROOT, 'apps/docs/adr')).sort();

  test('are numbered without a gap, and listed in the index', () => {
    const index = read('apps/docs/README.md');
    for (const [i, file] of records.entries()) {
      assert.match(file, new RegExp(`^${String(i + 1).padStart(4, '0')}-[a-z0-9-]+\\.md$`));
      assert.ok(index.includes(`(adr/${file})`), file);
    }
  });

  for (const file of records) {
    test(`${file} has context, decision, consequences and rejected alternatives with a reason each`, () => {
      const text = read(`apps/docs/adr/${file}`);
      assert.ok(text.startsWith(`# ${file.slice(0, 4)} `));
      const headings = [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
      assert.deepEqual(headings, ['Context', 'Decision', 'Consequences', 'Rejected alternatives']);
      const rejected = text.slice(text.indexOf('## Rejected alternatives')).split('\n- ').slice(1);
      assert.ok(rejected.length > 0);
      for (const alternative of rejected) assert.match(alternative, /^\*\*.+?\.\*\* \S/s);
    });
  }
});

describe('the program', () => {
  test('finds nothing to mend', () => {
    assert.deepEqual(runMain('--check'), { status: 0, out: '', error: '' });
  });

  test('explains itself', () => {
    const { status, out } = runMain('--help');
    assert.equal(status, 0);
    assert.match(out, /--check/);
  });

  test('refuses what it does not know', () => {
    const { status, error } = runMain('--chek');
    assert.equal(status, 1);
    assert.match(error, /^unknown option '--chek'/);
  });
});
