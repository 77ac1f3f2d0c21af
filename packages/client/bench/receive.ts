import { DeltaSession } from '../src/delta-session.ts';
import { shared } from '../src/shared.ts';
import { binaryDelta, delta, type DeltaParts, full } from '../test/link.ts';

// What a message costs the client on its way to the library, by the form it comes in. 10 keys, messages of about
// 1 KB.   node --conditions=@sluice/source packages/client/bench/receive.ts

const KEYS = 10;
const ROUNDS = 2000;

/** An order book: in each round two of its 25 levels change, and the number. */
function tick(key: number, round: number): string {
  const level = (i: number): object => ({
    price: 100 + i,
    size: ((i * 7919 + Math.floor((round + i) / 12) * 104_729) % 9973) / 100,
  });
  const levels = Array.from({ length: 25 }, (_, i) => level(i));
  return JSON.stringify({
    event: 'book',
    channel: 'market-data',
    data: JSON.stringify({ key: `K${key}`, round, levels }),
  });
}

type Form = (key: number, round: number) => string | Uint8Array;

const FORMS: Readonly<Record<string, Form>> = {
  plain: tick,
  'whole, as a base': (key, round) => full(tick(key, round), round, `K${key}`),
  'Fossil delta in JSON': (key, round) => deltaOf({ key, round, algorithm: 'fossil', in: delta }),
  'VCDIFF delta in JSON': (key, round) => deltaOf({ key, round, algorithm: 'xdelta3', in: delta }),
  'Fossil delta in bytes': (key, round) => deltaOf({ key, round, algorithm: 'fossil', in: binaryDelta }),
  'VCDIFF delta in bytes': (key, round) => deltaOf({ key, round, algorithm: 'xdelta3', in: binaryDelta }),
};

interface DeltaAt {
  readonly key: number;
  readonly round: number;
  readonly algorithm: 'fossil' | 'xdelta3';
  readonly in: (parts: DeltaParts) => string | Uint8Array;
}

function deltaOf({ key, round, algorithm, in: form }: DeltaAt): string | Uint8Array {
  if (round === 0) return full(tick(key, 0), 0, `K${key}`);
  return form({
    base: tick(key, round - 1),
    target: tick(key, round),
    seq: round,
    baseSeq: round - 1,
    key: `K${key}`,
    algorithm,
  });
}

for (const [name, form] of Object.entries(FORMS)) {
  const messages = Array.from({ length: ROUNDS * KEYS }, (_, i) => form(i % KEYS, Math.floor(i / KEYS)));
  const options = {};
  const common = shared(options);
  await common.decoders.load();
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3; run++) {
    let delivered = 0;
    const session = new DeltaSession(common, {
      deliver: () => delivered++,
      send: () => undefined,
      reconnect: () => undefined,
    });
    session.outgoing('{"event":"pusher:subscribe","data":{"channel":"market-data"}}');
    const startedAt = performance.now();
    for (const message of messages) {
      if (typeof message === 'string') session.receive(message);
      else session.receiveBinary(message);
    }
    best = Math.min(best, ((performance.now() - startedAt) * 1000) / messages.length);
    if (delivered !== messages.length) throw new Error(`${delivered} of ${messages.length} delivered`);
  }
  const bytes = messages.reduce((sum, message) => sum + message.length, 0) / messages.length;
  process.stdout.write(`${name}: ${bytes.toFixed(0)} bytes, ${best.toFixed(1)} µs a message\n`);
}
