/** Longest piece of one message that a report shows. */
const MAX_TEXT = 600;
/** A report shows this many lines from the end; rows with a thousand connections have more. */
const MAX_LINES = 80;

/** What one row sent and what came back, for the report of its failure. */
export class Transcript {
  readonly #startedAt = performance.now();
  readonly #lines: string[] = [];

  add(who: string, what: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(3).padStart(7);
    this.#lines.push(`${seconds}  ${who.padEnd(8)} ${shorten(what)}`);
  }

  toString(): string {
    const left = this.#lines.length - MAX_LINES;
    const lines = left > 0 ? [`(${left} earlier lines left out)`, ...this.#lines.slice(left)] : this.#lines;
    return lines.join('\n');
  }
}

function shorten(text: string): string {
  const left = text.length - MAX_TEXT;
  return left > 0 ? `${text.slice(0, MAX_TEXT)}… (${left} more characters)` : text;
}
