import { createDelta } from 'fossil-delta';
import { emptyDeltaCounters, FossilCodec, PatchPool, VcdiffCodec } from '../src/index.ts';
import { editedDocuments } from './documents.ts';

// What a patch costs, and what a task of the pool costs the thread that asks for it:
//   node --conditions=@sluice/source packages/delta/bench/codecs.ts

const ROUNDS = 100;

/** Microseconds of one call, in the best of many rounds: what the others are longer by is the work of other programs. */
function cost(work: () => unknown): number {
  const startedAt = performance.now();
  for (let n = 0; n < 50; n++) work();
  const calls = Math.max(2, Math.ceil(500 / (performance.now() - startedAt)));
  const rounds = Array.from({ length: ROUNDS }, () => {
    const at = performance.now();
    for (let n = 0; n < calls; n++) work();
    return ((performance.now() - at) * 1000) / calls;
  });
  return Math.min(...rounds);
}

const codecs = { fossil: new FossilCodec(), xdelta3: new VcdiffCodec() };
const pool = new PatchPool({ threads: 1, maxQueue: 64, deadlineMs: 1000, counters: emptyDeltaCounters() });

/** Microseconds that the event loop is busy for one task, and until its answer. */
async function poolCost(base: Uint8Array, target: Uint8Array): Promise<readonly [busy: number, wait: number]> {
  const job = { algorithm: 'fossil', base, target, maxBytes: target.length } as const;
  const TASKS = 20;
  let best = [Infinity, Infinity] as const;
  for (let round = 0; round < ROUNDS; round++) {
    const before = performance.eventLoopUtilization();
    const at = performance.now();
    for (let n = 0; n < TASKS; n++) await pool.run([job]);
    const wait = ((performance.now() - at) * 1000) / TASKS;
    const { active } = performance.eventLoopUtilization(before);
    best = [Math.min(best[0], (active * 1000) / TASKS), Math.min(best[1], wait)];
  }
  return best;
}

const line = (...cells: readonly (string | number)[]): void =>
  void process.stdout.write(
    `| ${cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(cell < 10 ? 1 : 0) : cell)).join(' | ')} |\n`,
  );

line('document', 'fossil', 'bytes', 'npm fossil', 'bytes', 'xdelta3', 'bytes', 'pool: busy', 'pool: answer');
line(...Array.from({ length: 9 }, () => '---'));
for (const kilobytes of [1, 10, 30, 100, 300]) {
  for (const { name, base, target } of editedDocuments(kilobytes * 1000)) {
    const [fossil, npm, xdelta3] = [
      () => codecs.fossil.encode(base, target, Infinity),
      () => createDelta(base, target),
      () => codecs.xdelta3.encode(base, target, Infinity),
    ];
    const costs = [fossil, npm, xdelta3].flatMap((encode) => [cost(encode), `${encode()?.length}`]);
    line(`${kilobytes} KB, ${name}`, ...costs, ...(await poolCost(base, target)));
  }
}
await pool.close();
