export type { Row } from './row.ts';
export { GROUP_SIZES, GROUP_TITLES, ROWS } from './rows/index.ts';
export { PENDING } from './rows/pending.ts';
export { Run, runRows } from './run.ts';
export { SkipRow } from './skip-row.ts';
export type { AppCredentials, Endpoint, Target } from './target.ts';
