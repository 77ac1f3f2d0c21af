import { accessSync, constants } from 'node:fs';

/** Where Debian, other Linuxes and macOS put Chromium or Chrome; scripts/test-servers.mjs installs it on Debian. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** The browser for tests; `CHROMIUM` names another. */
export function findChromium(): string {
  const named = process.env['CHROMIUM'];
  const places = named === undefined ? PLACES : [named];
  const found = places.find(isExecutable);
  if (found === undefined)
    throw new Error(`no browser at ${places.join(', ')}; install Chromium, or name it in CHROMIUM`);
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
