import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Names that Linux distributions give it; scripts/test-servers.mjs looks for the same, and installs it on Debian. */
const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome'];
const ON_MACOS = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** To start it with: quiet, and in a container too. */
export const CHROMIUM_ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The browser for tests: what `CHROMIUM` names, else Chromium or Chrome from the path. */
export function findChromium(): string {
  const named = process.env['CHROMIUM'];
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin'];
  const places =
    named === undefined
      ? [...folders.flatMap((folder) => COMMANDS.map((name) => join(folder, name))), ON_MACOS]
      : [named];
  const found = places.find(isExecutable);
  if (found === undefined) throw new Error('no browser for the tests; install Chromium, or name it in CHROMIUM');
  return found;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
