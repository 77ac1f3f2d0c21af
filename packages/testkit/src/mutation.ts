import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Program } from './sluice-process.ts';

/** One piece of the server's source that is another. */
export interface Mutation {
  /** From the root, such as `packages/core/src/fanout.ts`. */
  readonly file: string;
  /** The exact text; it has to be there once. */
  readonly find: string;
  readonly replace: string;
}

const ROOT = new URL('../../../', import.meta.url);
const HOOK = new URL('./mutation-hook.ts', import.meta.url);

/** The server from source instead of as built. */
export const FROM_SOURCE: Program = {
  nodeArgs: ['--conditions=@sluice/source'],
  file: fileURLToPath(new URL('apps/server/src/main.ts', ROOT)),
};

/** The server from source, with a piece of it replaced while it is loaded: no file is written or copied. */
export function mutatedProgram(mutation: Mutation): Program {
  const hook = new URL(HOOK);
  hook.searchParams.set('mutation', JSON.stringify(mutation));
  return { ...FROM_SOURCE, nodeArgs: [...FROM_SOURCE.nodeArgs, `--import=${hook.href}`] };
}

/** Of the address under which the hook was loaded. */
export function mutationIn(hookUrl: string): Mutation {
  return JSON.parse(new URL(hookUrl).searchParams.get('mutation') ?? '') as Mutation;
}

export function urlOfMutated({ file }: Mutation): string {
  return new URL(file, ROOT).href;
}

/** The source with the piece replaced. Throws where the piece is not there, or more than once. */
export function mutate(source: string, { file, find, replace }: Mutation): string {
  const [before, after, ...more] = source.split(find);
  if (before === undefined || after === undefined) throw new Error(`${file} does not contain: ${find}`);
  if (more.length > 0) throw new Error(`${file} contains this ${more.length + 1} times, and not once: ${find}`);
  return `${before}${replace}${after}`;
}

/** Throws unless the mutation fits the source as it is now. */
export function checkMutation(mutation: Mutation): void {
  mutate(readFileSync(new URL(mutation.file, ROOT), 'utf8'), mutation);
}
