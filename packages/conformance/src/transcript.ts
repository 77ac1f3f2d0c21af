/** Longest piece of one message that a report shows. */
const MAX_TEXT = 600;
/** A report shows this many lines from the end; rows with a thousand connections have more. */
const MAX_LINES = 80;
/** The others are thrown away in one go, at this many. */
const MAX_KEPT_LINES = 10 * MAX_LINES;

/** What one row sent and what came back, for the report of its failure. */
export class Transcript {
  readonly #startedAt = performance.now();
  readonly #lines: string[] = [];
  #thrownAway = 0;

  add(who: string, what: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(3).padStart(7);
    this.#lines.push(`${seconds}  ${who.padEnd(8)} ${shorten(what)}`);
    if (this.#lines.length > MAX_KEPT_LINES) {
      this.#thrownAway += this.#lines.splice(0, this.#lines.length - MAX_LINES).length;
    }
  }

  toString(): string {
    const lines = this.#lines.slice(-MAX_LINES);
    const left = this.#thrownAway + this.#lines.length - lines.length;
    return (left > 0 ? [`(${left} earlier lines left out)`, ...lines] : lines).join('\n');
  }
}

function shorten(text: string): string {
  const left = text.length - MAX_TEXT;
  return left > 0 ? `${text.slice(0, MAX_TEXT)}… (${left} more characters)` : text;
}
