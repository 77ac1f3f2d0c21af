import { fileURLToPath } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
/** Loaded by the bundles on demand. */
const DECODERS = ['fossil-delta', '@ably/vcdiff-decoder'] as const;

const COMMON: BuildOptions = {
  absWorkingDir: PACKAGE,
  bundle: true,
  target: 'es2022',
  // Filter's source, so that a bundle depends on no other build.
  conditions: ['@sluice/source'],
  legalComments: 'inline',
  logLevel: 'warning',
};

/** For bundlers and Node: the decoders stay imports of their packages. */
const MODULE: BuildOptions = {
  ...COMMON,
  entryPoints: ['src/index.ts'],
  outfile: 'dist/sluice-client.mjs',
  format: 'esm',
  external: [...DECODERS],
};

/** For a script tag: `Sluice.installDeltas(Pusher)`. */
const SCRIPT: BuildOptions = {
  ...COMMON,
  entryPoints: ['src/index.ts'],
  outfile: 'dist/browser/sluice-client.js',
  format: 'iife',
  globalName: 'Sluice',
  minify: true,
  plugins: [decodersBeside()],
};

const SCRIPT_DECODERS = DECODERS.map((name): BuildOptions => ({
  ...COMMON,
  entryPoints: [name],
  outfile: `dist/browser/${fileOf(name)}`,
  format: 'esm',
  minify: true,
}));

export const BUNDLES = { module: MODULE, script: SCRIPT, decoders: SCRIPT_DECODERS } as const;

/** A dynamic import in a classic script is relative to that script, in a page and in a worker. */
function decodersBeside(): Plugin {
  return {
    name: 'decoders beside the script',
    setup(build) {
      for (const name of DECODERS) {
        build.onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: `./${fileOf(name)}`, external: true }));
      }
    },
  };
}

function fileOf(name: string): string {
  return `${name.slice(name.lastIndexOf('/') + 1)}.js`;
}
