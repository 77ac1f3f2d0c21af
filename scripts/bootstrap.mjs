// Plain JavaScript that Node 20.20 runs: it has to work before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

export const PNPM_VERSION = '12.21.0';
/** What the product needs; older machines get a newer Node as a package (optionalDependencies of the root). */
const MIN_NODE = [22, 19];

const PARENT = process.ppid;
/** Well below the time in which the server takes signals for one: what is sent then may come behind another. */
const PARENT_CHECK_MS = 200;

const TOOLS = join(ROOT, '.tools');
const INSTALLED = join(ROOT, 'node_modules', '.sluice-installed');
const PACKAGED_NODE = join(ROOT, 'node_modules', '.bin', 'node');

/** Installs what the lockfile says, unless that is what is there. */
export function install() {
  const wanted = manifestsFingerprint();
  // turbo calls pnpm with each build.
  const pnpm = ensurePnpm();
  if (isStamped(INSTALLED, wanted)) return;
  say('installing packages');
  run(pnpm, ['install', '--frozen-lockfile', '--reporter=append-only', '--loglevel=error'], { env: { CI: 'true' } });
  writeFileSync(INSTALLED, wanted);
}

/** Compiles what changed; a few tenths of a second when nothing did, and then no file is touched. */
export function build() {
  const turbo = join(ROOT, 'node_modules', '.bin', 'turbo');
  run(turbo, ['run', 'build', '--output-logs=errors-only', '--log-order=grouped'], { quiet: true });
}

/** The Node to run the product with: the one that was installed with it, else the machine's if it is new enough. */
export function productNode() {
  if (existsSync(PACKAGED_NODE)) {
    if (spawnSync(PACKAGED_NODE, ['--version']).status === 0) return PACKAGED_NODE;
    // Made for another C library, as on Alpine. Out of the way, since it is first in the path of every script.
    rmSync(PACKAGED_NODE);
  }
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isEnough = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  if (isEnough) return process.execPath;
  return fail(
    `Node ${process.versions.node} is too old, and for ${process.platform} on ${process.arch} no newer one could be installed.\n` +
      `Install Node ${MIN_NODE.join('.')} or newer and run this again.`,
  );
}

/** Runs a command to its end; its failure is ours. */
export function run(command, args, { env = {}, quiet = false } = {}) {
  const result = spawnSync(command, args, {
    cwd: ROOT,
    env: toolEnvironment(env),
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.error !== undefined) fail(`${command}: ${result.error.message}`);
  if (result.status === 0) return;
  if (quiet) process.stderr.write(`${result.stdout}${result.stderr}`);
  fail(`${[command.slice(command.lastIndexOf('/') + 1), ...args].join(' ')} failed`, result.status ?? 1);
}

/** Runs a command that takes over: signals go to it, and its end is ours. */
export function become(command, args, { env = {}, cwd = ROOT } = {}) {
  const child = spawn(command, args, { cwd, env: toolEnvironment(env), stdio: 'inherit' });
  // A Ctrl-C reaches the child by itself too; the server takes signals that come together for one.
  process.on('SIGINT', () => child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGTERM'));
  // npm, or a shell between it and this process, may be killed without a word.
  if (process.env.npm_lifecycle_event !== undefined) {
    const watch = setInterval(() => {
      if (process.ppid === PARENT) return;
      clearInterval(watch);
      child.kill('SIGTERM');
    }, PARENT_CHECK_MS);
  }
  child.on('error', (error) => fail(`${command}: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
}

export function fail(message, status = 1) {
  process.stderr.write(`${message}\n`);
  process.exit(status);
}

export function say(message) {
  process.stderr.write(`• ${message}\n`);
}

export function toolEnvironment(env = {}) {
  const path = [join(ROOT, 'node_modules', '.bin'), join(TOOLS, 'node_modules', '.bin'), process.env.PATH ?? ''];
  return {
    ...process.env,
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    ...env,
    PATH: path.join(delimiter),
  };
}

/** pnpm in a folder of its own, in the version that the lockfile was made with. */
function ensurePnpm() {
  const pnpm = join(TOOLS, 'node_modules', '.bin', 'pnpm');
  const manifest = join(TOOLS, 'node_modules', 'pnpm', 'package.json');
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version === PNPM_VERSION) return pnpm;
  say(`installing pnpm ${PNPM_VERSION}`);
  mkdirSync(TOOLS, { recursive: true });
  run('npm', [
    'install',
    '--prefix',
    TOOLS,
    `pnpm@${PNPM_VERSION}`,
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]);
  return pnpm;
}

/** Changes when an install would: with the lockfile, a manifest, or the workspace's settings. */
function manifestsFingerprint() {
  const manifests = ['packages', 'apps'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((name) => join(folder, name, 'package.json')),
  );
  const files = [
    'package.json',
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    join('benchmarks', 'package.json'),
    ...manifests,
  ];
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${PNPM_VERSION}`);
  for (const file of files) {
    if (existsSync(join(ROOT, file))) hash.update(file).update(readFileSync(join(ROOT, file)));
  }
  return hash.digest('hex');
}

function isStamped(file, wanted) {
  return existsSync(file) && readFileSync(file, 'utf8') === wanted;
}
