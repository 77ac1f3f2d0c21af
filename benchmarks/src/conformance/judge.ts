import { type Row, type RowResult, runRows, type Target, WebhookReceiver } from '@sluice/conformance';

import { freePort, HOST } from '../servers/server.ts';
import type { Contestant } from './contestants.ts';
import { prepare } from './provisions.ts';
import { Supervised } from './supervised.ts';

/** Rows at a time. */
const AT_A_TIME = 16;

export interface Judgement {
  readonly results: readonly RowResult[];
  /** What the servers were prepared with beyond one app. */
  readonly provided: readonly string[];
  /** How often a server ended by itself meanwhile. */
  readonly ends: number;
}

export interface JudgeOptions {
  readonly rows: readonly Row[];
  readonly contestant: Contestant;
  readonly progress: (text: string) => void;
}

/** Judges one kind of server, on servers that are started for it. */
export async function judge({ rows, contestant, progress }: JudgeOptions): Promise<Judgement> {
  const servers: Supervised[] = [];
  const receiver = await WebhookReceiver.listen(0, HOST);
  try {
    const target = await prepare(async (settings) => {
      const server = await Supervised.start(await freePort(), contestant(settings));
      servers.push(server);
      return server;
    }, receiver);
    const results = await judgeRows({ rows: rows.map((row) => waitingRow(row, servers)), target, progress });
    return {
      results,
      provided: Object.keys(target.provides),
      ends: servers.reduce((sum, server) => sum + server.ends, 0),
    };
  } finally {
    await Promise.all([...servers.map((server) => server.kill()), receiver.close()]);
  }
}

/**
 * What fails among others is judged once more alone, and that counts: a server that ends takes with it the rows that are
 * under way at the time, and one that is slow makes others late. A row about the others (`last`) has no second chance.
 */
async function judgeRows(options: {
  readonly rows: readonly Row[];
  readonly target: Target;
  readonly progress: (text: string) => void;
}): Promise<RowResult[]> {
  const { rows, target, progress } = options;
  const first = await runRows({ rows, target, concurrency: AT_A_TIME });
  const failed = new Set(first.filter(({ outcome }) => outcome === 'failed').map(({ id }) => id));
  progress(`${rows.length} rows judged, ${failed.size} of them to be judged once more`);
  const again = rows.filter((row) => failed.has(row.id) && row.last !== true);
  const second = await runRows({ rows: again, target, concurrency: 1 });
  const alone = new Map(second.map((result) => [result.id, result]));
  return first.map((result) => alone.get(result.id) ?? result);
}

/** A row that begins when all servers run. */
function waitingRow(row: Row, servers: readonly Supervised[]): Row {
  return {
    ...row,
    async run(context) {
      await Promise.all(servers.map((server) => server.running()));
      await row.run(context);
    },
  };
}
