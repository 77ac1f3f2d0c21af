export { WebhookReceiver } from './clients/webhook-receiver.ts';
export { type Counts, countsOf } from './command/verdict.ts';
export type { Row } from './row.ts';
export { GROUP_SIZES, GROUP_TITLES, groupOf, ROWS } from './rows/index.ts';
export { queuesOf, type RowResult, Run, runRows } from './run.ts';
export { SkipRow } from './skip-row.ts';
export type { AppCredentials, Endpoint, Need, Target } from './target.ts';
