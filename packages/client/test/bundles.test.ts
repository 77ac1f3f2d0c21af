import assert from 'node:assert/strict';
import { it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { build, type BuildOptions } from 'esbuild';
import { BUNDLES } from '../scripts/bundles.ts';

const MAX_GZIP_BYTES = 12 * 1024;

async function bundled(options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({ ...options, write: false });
  assert.equal(outputFiles.length, 1);
  return outputFiles[0]?.text ?? '';
}

it('both bundles stay below 12 KB, and hold no decoder', async () => {
  for (const options of [BUNDLES.module, BUNDLES.script]) {
    const text = await bundled({ ...options, minify: true });
    assert.ok(gzipSync(text).length < MAX_GZIP_BYTES, `${gzipSync(text).length} bytes`);
    assert.ok(!text.includes('bad checksum'), 'fossil-delta is in the bundle');
  }
});

it('the module imports the decoders by name, the script from beside it', async () => {
  const module = await bundled(BUNDLES.module);
  assert.match(module, /import\("fossil-delta"\)/u);
  assert.match(module, /import\("@ably\/vcdiff-decoder"\)/u);
  const script = await bundled(BUNDLES.script);
  assert.match(script, /import\("\.\/fossil-delta\.js"\)/u);
  assert.match(script, /import\("\.\/vcdiff-decoder\.js"\)/u);
});
