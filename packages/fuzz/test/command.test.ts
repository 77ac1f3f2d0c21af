import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseOptions } from '../src/options.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

function fuzz(...args: readonly string[]): { readonly code: number | null; stdout: string; stderr: string } {
  const command = ['--conditions=@sluice/source', MAIN, ...args];
  const { status: code, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', timeout: 60_000 });
  return { code, stdout, stderr };
}

describe('The command', () => {
  it('explains itself', () => {
    const { code, stdout } = fuzz('--help');
    assert.equal(code, 0);
    assert.match(stdout, /^npm run fuzz -- \[--runs N\]/);
  });

  it('says what is wrong with its options', () => {
    const wrong: readonly (readonly [RegExp, readonly string[]])[] = [
      [/--runs: expected a whole number, got "many"$/, ['--runs', 'many']],
      [/--only: expected text, frames, http, got "udp"$/, ['--only', 'udp']],
      [/--path needs the --seed and the --only that it was told with$/, ['--path', '1:2', '--seed', '1']],
      [/--path: expected numbers as in 4:1:0, got "x"$/, ['--path', 'x', '--seed', '1', '--only', 'text']],
      [/--nonsense/, ['--nonsense']],
    ];
    for (const [message, args] of wrong) assert.throws(() => parseOptions(args), message, args.join(' '));
    assert.equal(fuzz('--nonsense').code, 2);
  });

  it('plays one batch again, and says that it did no harm', () => {
    const { code, stdout, stderr } = fuzz('--only', 'text', '--seed', '1', '--path', '3');
    assert.equal(code, 0, `${stdout}${stderr}`);
    assert.match(stdout, /^no harm was done/);
  });
});
