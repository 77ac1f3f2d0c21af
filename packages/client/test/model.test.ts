import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { binaryDelta, delta, full, Link, plain } from './link.ts';

interface Publish {
  readonly key: string;
  readonly text: string;
  /** `delta: false`, not for this subscriber (filtered out), or spoilt on the way. */
  readonly fate: 'normal' | 'without delta' | 'filtered' | 'spoilt';
  /** Frames that are under way before the server reads what the client has sent meanwhile. */
  readonly lag: number;
}

const publishes: fc.Arbitrary<readonly Publish[]> = fc.array(
  fc.record({
    key: fc.constantFrom('', 'BTC', 'ETH', '__proto__'),
    text: fc
      .tuple(fc.constantFrom('tick', 'trade'), fc.string({ unit: 'binary', maxLength: 30 }))
      .map(([event, price]) => plain(price.toWellFormed(), { event })),
    fate: fc.oneof(
      { weight: 6, arbitrary: fc.constant('normal' as const) },
      fc.constantFrom('without delta' as const, 'filtered' as const, 'spoilt' as const),
    ),
    lag: fc.nat(4),
  }),
  { maxLength: 60 },
);

/** A server with one subscriber: what it sends for each publish, and what it does when it is asked to begin anew. */
class ModelServer {
  readonly #tracks = new Map<string, { seq: number; text: string }>();
  readonly #received = new Map<string, number>();
  readonly #fullEvery = 5;
  #seq = 1000;

  /** The messages as they are to arrive. */
  publish({ key, text, fate }: Publish): readonly (string | Uint8Array)[] {
    if (fate === 'without delta') return [text];
    const track = this.#tracks.get(key);
    const seq = ++this.#seq;
    const isCurrent = track !== undefined && this.#received.get(key) === track.seq && seq % this.#fullEvery !== 0;
    const algorithm = seq % 2 === 0 ? 'fossil' : 'xdelta3';
    this.#tracks.set(key, { seq, text });
    if (fate === 'filtered') return [];
    this.#received.set(key, seq);
    if (!isCurrent) return [full(text, seq, key)];
    const parts = { base: track.text, target: text, seq, baseSeq: track.seq, key, algorithm } as const;
    if (fate !== 'spoilt' && seq % 3 === 0) return [binaryDelta(parts)];
    const frame = delta(parts);
    return [fate === 'spoilt' ? frame.replace(/"delta":"[^"]*"/u, '"delta":"MVkK"') : frame];
  }

  /** Forgets what the subscriber has, and repeats the last it was sent of each key. */
  beginAnew(): readonly string[] {
    const repeated = [...this.#received].flatMap(([key, seq]) => {
      const track = this.#tracks.get(key);
      return track?.seq === seq ? [full(track.text, seq, key)] : [];
    });
    this.#received.clear();
    for (const [key, { seq }] of this.#tracks)
      if (repeated.some((text) => text.includes(`:${seq},`))) this.#received.set(key, seq);
    return repeated;
  }
}

it('whatever fails, the library gets each message once, and the last one of every key', async () => {
  await fc.assert(
    fc.asyncProperty(publishes, async (steps) => {
      const link = await Link.open();
      link.subscribe('market-data');
      link.sent();
      const server = new ModelServer();
      const underWay: (string | Uint8Array)[] = [];
      const arrive = (keep: number): void => {
        while (underWay.length > keep) link.receive(...underWay.splice(0, 1));
        for (const _ of link.sent()) underWay.push(...server.beginAnew());
      };
      for (const step of steps) {
        underWay.push(...server.publish(step));
        arrive(step.lag);
      }
      while (underWay.length > 0) arrive(0);

      const got = link.delivered();
      const sent = steps.filter((step) => step.fate !== 'filtered');
      const isSpoilt = steps.some((step) => step.fate === 'spoilt');
      if (!isSpoilt)
        assert.deepEqual(
          got,
          sent.map((step) => step.text),
        );
      assert.ok(got.length <= sent.length, 'something was given twice');
      for (const key of new Set(steps.map((step) => step.key))) {
        const last = steps.findLast((step) => step.key === key && step.fate !== 'without delta');
        if (last !== undefined && last.fate !== 'filtered')
          assert.ok(got.includes(last.text), `the last of ${key} is missing`);
      }
    }),
    { numRuns: 1000 },
  );
});
