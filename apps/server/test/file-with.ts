import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A file in a folder that goes with the test. */
export function fileWith(t: TestContext, name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}
