import { readFileSync } from 'node:fs';

/** That of apps/server/package.json, one folder above both src and dist. */
export const VERSION: string = readVersion();

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { readonly version: string };
  return version;
}
