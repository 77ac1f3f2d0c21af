/**
 * Values by patterns of channel names: a name, or one with one `*` that stands for any characters, also none. The name itself wins;
 * then the pattern with the most characters beside its `*`, as it says most; then the one with more of them before the `*`; then
 * the first in the order of their characters. So the order in which they are written does not matter.
 */
export class ChannelPatterns<Value> {
  readonly #exact = new Map<string, Value>();
  readonly #patterns: readonly Pattern<Value>[];

  constructor(values: ReadonlyMap<string, Value>) {
    const patterns: Pattern<Value>[] = [];
    for (const [pattern, value] of values) {
      const star = pattern.indexOf('*');
      if (star === -1) this.#exact.set(pattern, value);
      else patterns.push({ start: pattern.slice(0, star), end: pattern.slice(star + 1), value });
    }
    this.#patterns = patterns.sort(byPrecedence);
  }

  find(channel: string): Value | undefined {
    if (this.#exact.has(channel)) return this.#exact.get(channel);
    return this.#patterns.find((pattern) => matches(pattern, channel))?.value;
  }
}

interface Pattern<Value> {
  readonly start: string;
  readonly end: string;
  readonly value: Value;
}

function matches({ start, end }: Pattern<unknown>, channel: string): boolean {
  return channel.length >= start.length + end.length && channel.startsWith(start) && channel.endsWith(end);
}

function byPrecedence(a: Pattern<unknown>, b: Pattern<unknown>): number {
  const length = b.start.length + b.end.length - (a.start.length + a.end.length);
  if (length !== 0) return length;
  return b.start.length - a.start.length || (a.start + a.end < b.start + b.end ? -1 : 1);
}
