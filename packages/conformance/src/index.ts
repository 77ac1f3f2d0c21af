export type { Row } from './row.ts';
export { GROUP_SIZES, GROUP_TITLES, ROWS } from './rows/index.ts';
export { PENDING, type Pending } from './rows/pending.ts';
export { Run, type RowResult, type RunOptions, runRows } from './run.ts';
export { SkipRow } from './skip-row.ts';
export type { AppCredentials, Endpoint, KeyPair, Need, Provisions, Target } from './target.ts';
