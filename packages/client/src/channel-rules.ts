import type { ChannelOptions } from './options.ts';

/** The options of channels by name and prefix. Shared by all connections. */
export class ChannelRules {
  readonly #rules: Map<string, ChannelOptions>;
  readonly #withoutDeltas = new Set<string>();
  readonly #watchers = new Set<() => void>();

  constructor(channels: Readonly<Record<string, ChannelOptions>> = {}) {
    this.#rules = new Map(Object.entries(channels));
  }

  set(name: string, options: ChannelOptions | undefined): void {
    if (options === undefined) this.#rules.delete(name);
    else this.#rules.set(name, options);
    for (const changed of this.#watchers) changed();
  }

  /** Calls `changed` after each {@link set}, until what it returns is called. */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /** For a channel whose deltas cannot be decoded here, whatever the server does. */
  turnOffDeltas(channel: string): void {
    this.#withoutDeltas.add(channel);
  }

  of(channel: string): ChannelOptions | undefined {
    const rule = this.#rules.get(channel) ?? this.#byPrefix(channel);
    return this.#withoutDeltas.has(channel) ? { ...rule, delta: false } : rule;
  }

  #byPrefix(channel: string): ChannelOptions | undefined {
    let longest = -1;
    let found: ChannelOptions | undefined;
    for (const [name, rule] of this.#rules) {
      if (!name.endsWith('*') || name.length <= longest || !channel.startsWith(name.slice(0, -1))) continue;
      longest = name.length;
      found = rule;
    }
    return found;
  }
}
