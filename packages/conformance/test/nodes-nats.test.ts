import { ROWS } from '../src/index.ts';
import { judge } from './judge.ts';

// Over Redis all rows are judged; here those that are about several processes.
const rows = ROWS.filter(({ needs }) => needs?.includes('several-processes'));

await judge('Two nodes of Sluice over NATS', rows, {
  joinedBy: 'nats',
  needs: new Set(rows.flatMap(({ needs = [] }) => needs)),
});
