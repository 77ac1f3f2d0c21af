/** As they are called on the wire; `xdelta3` is VCDIFF (RFC 3284). */
export type Algorithm = 'fossil' | 'xdelta3';

export type Decode = (base: Uint8Array, delta: Uint8Array) => Uint8Array;

/** What makes a decoder available, asked once. */
export type DecoderSource = () => Promise<Decode>;
export type DecoderSources = Readonly<Partial<Record<Algorithm, DecoderSource>>>;

interface Fossil {
  applyDelta(base: Uint8Array, delta: Uint8Array): Uint8Array;
}

interface Vcdiff {
  decode(delta: Uint8Array, base: Uint8Array): Uint8Array;
}

/** The modules of the two packages: CommonJS comes as `default` in Node. */
function fossilDecode(module: Fossil): Decode {
  return (base, delta) => module.applyDelta(base, delta);
}

function vcdiffDecode(module: Vcdiff | { readonly default: Vcdiff }): Decode {
  const codec = 'decode' in module ? module : module.default;
  return (base, delta) => codec.decode(delta, base);
}

export const PACKAGED_DECODERS: DecoderSources = {
  fossil: async () => fossilDecode(await import('fossil-delta')),
  xdelta3: async () => vcdiffDecode(await import('@ably/vcdiff-decoder')),
};

interface DecodersOptions {
  readonly sources: DecoderSources;
  readonly algorithms: readonly Algorithm[];
  readonly onError: (error: Error) => void;
}

/** The decoders of a page or process, loaded once for all its connections. */
export class Decoders {
  readonly #options: DecodersOptions;
  readonly #loaded = new Map<Algorithm, Decode>();
  #loading: Promise<void> | undefined;

  constructor(options: DecodersOptions) {
    this.#options = options;
  }

  /** Whether there is nothing to wait for. */
  get areReady(): boolean {
    return this.#loaded.size === this.#options.algorithms.length;
  }

  get algorithms(): readonly Algorithm[] {
    return this.#options.algorithms.filter((algorithm) => this.#loaded.has(algorithm));
  }

  get(algorithm: string): Decode | undefined {
    return this.#loaded.get(algorithm === 'vcdiff' ? 'xdelta3' : (algorithm as Algorithm));
  }

  /** Ends when all are there or have failed. What failed is tried again with the next connection. */
  load(): Promise<void> {
    this.#loading ??= this.#loadMissing().finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  async #loadMissing(): Promise<void> {
    const { algorithms, sources, onError } = this.#options;
    const missing = algorithms.filter((algorithm) => !this.#loaded.has(algorithm));
    await Promise.all(
      missing.map(async (algorithm) => {
        try {
          const source = sources[algorithm];
          if (source === undefined) throw new Error('no source given');
          this.#loaded.set(algorithm, await source());
        } catch (error) {
          const cause = error instanceof Error ? error : new Error(String(error));
          onError(new Error(`no decoder for ${algorithm} deltas: ${cause.message}`, { cause }));
        }
      }),
    );
  }
}
