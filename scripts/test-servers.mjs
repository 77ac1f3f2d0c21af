// What tests talk to and npm does not have: from Debian's packages, where they are missing.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fail, run, say } from './bootstrap.mjs';

/** What a test runs: its names on the path, a variable or a file that stands for it, and the package that has it. */
const NEEDED = [
  {
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
    variable: 'CHROMIUM',
    file: '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    debian: 'chromium',
  },
  { commands: ['promtool'], debian: 'prometheus' },
  { commands: ['redis-server'], debian: 'redis-server' },
  { commands: ['redis-cli'], debian: 'redis-tools' },
  { commands: ['nats-server'], debian: 'nats-server' },
  { commands: ['nginx'], debian: 'nginx-light' },
];

/** Installs with apt-get what is not there; elsewhere says what to install. */
export function installTestServers() {
  const missing = NEEDED.filter((needed) => !isThere(needed)).map(({ debian }) => debian);
  if (missing.length === 0) return;
  if (!isInstalled('apt-get')) {
    fail(
      `The tests need ${missing.join(' and ')}. Install them (a browser elsewhere: name it in CHROMIUM) and run this again.`,
    );
  }
  say(`installing ${missing.join(', ')} for the tests`);
  const asRoot = process.getuid() === 0 ? [] : ['sudo', '-n'];
  aptGet(asRoot, ['update', '-qq']);
  aptGet(asRoot, ['install', '-y', '-qq', '--no-install-recommends', ...missing]);
}

function aptGet(asRoot, args) {
  const [command, ...rest] = [...asRoot, 'apt-get', ...args];
  // No package may start a service: tests start their own servers, on their own ports.
  run(command, rest, { env: { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }, quiet: true });
}

function isThere({ commands, variable, file }) {
  if (variable !== undefined && process.env[variable] !== undefined) return true;
  return commands.some(isInstalled) || (file !== undefined && existsSync(file));
}

function isInstalled(command) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .concat('/usr/bin', '/usr/sbin')
    .some((folder) => existsSync(join(folder, command)));
}
