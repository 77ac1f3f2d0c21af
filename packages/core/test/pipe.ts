/** An ordered way between two parties. Things pass at once, or one by one while it is held. */
export class Pipe {
  #held = false;
  readonly #waiting: (() => void)[] = [];

  push(thing: () => void): void {
    if (this.#held || this.#waiting.length > 0) this.#waiting.push(thing);
    else thing();
  }

  hold(): void {
    this.#held = true;
  }

  /** Lets one thing pass; false if there was none. */
  step(): boolean {
    const thing = this.#waiting.shift();
    thing?.();
    return thing !== undefined;
  }

  release(): void {
    while (this.step());
    this.#held = false;
  }
}
