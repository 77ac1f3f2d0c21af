import { parseArgs } from 'node:util';
import { nearestName } from './nearest.ts';
import { keyName, quote, type Report } from './problem.ts';
import { LEAVES } from './schema.ts';

/** Flags that set a key. `--config` is the command line's own and passes through here unread. */
const FLAGS: readonly string[] = LEAVES.flatMap(({ leaf }) => (leaf.arg === '' ? [] : [leaf.arg]));
const ACCEPTED = [...FLAGS, 'config'];

/** Texts by flag, without dashes. The last of several wins. */
export function readFlags(argv: readonly string[], report: Report): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  const refuse = (source: string, found: string, expected: string): void => {
    report.problems.push({ path: '', source, found, expected });
  };
  const options = Object.fromEntries(ACCEPTED.map((name) => [name, { type: 'string' as const }]));
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true, allowPositionals: true });
  let afterUnknown = false;
  for (const token of tokens) {
    if (token.kind === 'option' && !ACCEPTED.includes(token.name)) {
      const nearest = nearestName(token.name, ACCEPTED);
      refuse(keyName(token.rawName), 'an unknown flag', nearest === undefined ? known() : `--${nearest}`);
      // Its value was meant for it and is no problem of its own.
      afterUnknown = token.value === undefined;
      continue;
    }
    if (token.kind === 'option') {
      if (token.value === undefined) refuse(token.rawName, 'no value', `${token.rawName}=VALUE`);
      else flags.set(token.name, token.value);
    }
    if (token.kind === 'positional' && !afterUnknown) refuse('command line', quote(token.value), known());
    afterUnknown = false;
  }
  return flags;
}

function known(): string {
  return `one of ${ACCEPTED.map((name) => `--${name}`).join(', ')}`;
}
