/** Pairs of a base and its target as channels have them, seeded: edited text, unrelated text, documents of records. */
export class RandomPairs {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Below `end`. */
  below(end: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * end);
  }

  text(maxPieces: number): string {
    const alphabet = 1 + this.below(PIECES.length);
    let text = '';
    for (let left = this.below(maxPieces + 1); left > 0; left--) text += PIECES[this.below(alphabet)];
    return text;
  }

  /** Any Unicode text, much of which repeats itself; some of its characters take 4 bytes. */
  edited(text: string): string {
    let edited = text;
    for (let edits = this.below(5); edits > 0; edits--) {
      const from = this.below(edited.length + 1);
      edited = edited.slice(0, from) + this.text(8) + edited.slice(from + this.below(20));
    }
    return edited;
  }

  pair(): readonly [base: Uint8Array, target: Uint8Array] {
    const base = this.below(4) === 0 ? records(this, 1 + this.below(12)) : this.text(60);
    const target = this.below(10) === 0 ? this.text(60) : this.edited(base);
    return [encoder.encode(base), encoder.encode(target)];
  }
}

const encoder = new TextEncoder();
const PIECES = ['a', '"price":', '0', '12.5', '\\"', 'é', '漢字', '😀', ',"id":', '\u0000', '}', '\u2028', 'ß', '7'];

function records(random: RandomPairs, count: number): string {
  const one = (id: number): object => ({
    id,
    symbol: `S${id}`,
    price: random.below(10_000) / 100,
    at: random.below(1e9),
  });
  return JSON.stringify({
    event: 'tick',
    channel: 'm',
    data: JSON.stringify(Array.from({ length: count }, (_, i) => one(i))),
  });
}
