import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { documentVersions } from '../src/load/document.ts';
import { DOCUMENTS, playTrace, TRACE_FILES } from '../src/load/trace.ts';

const DATA = join(import.meta.dirname, '../data');

function filesIn(folder: string): string[] {
  return TRACE_FILES.map((name) => readFileSync(join(folder, `${name}.ndjson`), 'utf8'));
}

test('the program that makes the traces makes those that are there', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-traces-'));
  t.after(() => rmSync(folder, { recursive: true }));
  execFileSync(process.execPath, ['--conditions=@sluice/source', join(DATA, 'make-traces.ts'), folder]);
  assert.deepEqual(filesIn(folder), filesIn(DATA));
});

test('a trace is played forwards and then backwards, and so on', () => {
  for (const name of TRACE_FILES) {
    const lines = readFileSync(join(DATA, `${name}.ndjson`), 'utf8')
      .trimEnd()
      .split('\n');
    const next = playTrace(name);
    const there = [...lines, ...lines.slice(1, -1).toReversed(), ...lines.slice(0, 2)];
    assert.deepEqual(
      there.map(() => JSON.stringify(next())),
      there,
    );
  }
});

test('documents have about the length that was asked for, and each version differs from the one before', () => {
  for (const bytes of Object.values(DOCUMENTS)) {
    const versions = documentVersions(bytes);
    assert.deepEqual(versions, documentVersions(bytes));
    assert.equal(new Set(versions).size, versions.length);
    for (const { length } of versions) assert.ok(length > 0.8 * bytes && length < 1.2 * bytes, `${length} of ${bytes}`);
  }
});

test('everything that is published is ASCII: the load takes characters for bytes', () => {
  for (const name of [...TRACE_FILES, 'document-10k'] as const) {
    const next = playTrace(name);
    for (let i = 0; i < 100; i++) assert.match(next().data, /^[\x20-\x7e]+$/);
  }
});
