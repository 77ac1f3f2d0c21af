import { deltaMessages } from '@sluice/protocol';
import {
  BaseHolder,
  CommonBases,
  DeltaEngine,
  deltaFormat,
  type DeltaRules,
  emptyDeltaCounters,
} from '../src/index.ts';
import { editedDocuments } from './documents.ts';

// What one publication costs the engine, beside the work that plain subscribers cost too:
//   node --conditions=@sluice/source packages/delta/bench/engine.ts [subscribers]

const [SUBSCRIBERS = 1000] = process.argv.slice(2).map(Number);
const PUBLICATIONS = 200;
/** The best one counts: what the others are longer by is the work of other programs. */
const ROUNDS = 60;
const RULES: DeltaRules = {
  fullMessageInterval: 100,
  minMessageBytes: 100,
  maxStateAgeMs: 300_000,
  maxMessagesPerKey: 10,
  maxKeys: 100,
  conflationKey: undefined,
};

function measure(bytes: number, algorithm: 'fossil' | 'xdelta3'): string {
  const format = deltaFormat(algorithm, 'json');
  const common = new CommonBases();
  const sockets = Array.from({ length: SUBSCRIBERS }, () => new BaseHolder());
  for (const held of sockets) held.join(common);
  let sentBytes = 0;
  const engine = new DeltaEngine<number>({
    wire: deltaMessages,
    press: { ofText: (text) => Buffer.byteLength(text), ofBytes: (bytes) => bytes.length },
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    counters: emptyDeltaCounters(),
    pool: undefined,
    poolFromBytes: { fossil: Infinity, xdelta3: Infinity },
    maxRatio: 0.9,
    minCohort: 2,
    toldAlgorithm: algorithm,
    maxTrackBytes: 64 * 1024 * 1024,
  });
  const channel = engine.open('market', RULES);
  const [few] = editedDocuments(bytes);
  const texts = [few?.base, few?.target].map((document) => Buffer.from(document ?? []).toString());
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now();
    for (let n = 0; n < PUBLICATIONS; n++) {
      const variants = engine.variants(
        channel,
        {
          text: texts[n % 2] ?? '',
          key: '',
          mode: 'auto',
          id: undefined,
          patches: [],
          count: (demand, track) => {
            for (const held of sockets) demand.add(format, held.holds(track));
          },
        },
        'calm',
      );
      const { kept } = variants;
      if (kept === undefined) throw new Error('nothing was kept');
      for (const held of sockets) {
        sentBytes += variants.frameFor(format, held.holds(kept.track));
        held.got(kept.track);
      }
      common.hold(kept.track, kept.sequence);
    }
    rounds.push(((performance.now() - startedAt) * 1000) / PUBLICATIONS);
  }
  const perPublication = Math.min(...rounds);
  const share = sentBytes / (ROUNDS * PUBLICATIONS * SUBSCRIBERS * Buffer.byteLength(texts[0] ?? ''));
  return `${perPublication.toFixed(1)} µs a publication, ${(share * 100).toFixed(1)} % of the bytes`;
}

for (const bytes of [1000, 10_000]) {
  for (const algorithm of ['fossil', 'xdelta3'] as const) {
    process.stdout.write(`${bytes} bytes, ${algorithm}, ${SUBSCRIBERS} subscribers: ${measure(bytes, algorithm)}\n`);
  }
}
