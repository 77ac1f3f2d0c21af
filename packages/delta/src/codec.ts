/** What a client calls them: in `algorithm` of `pusher:delta`, and where it asks for one. */
export const ALGORITHMS = ['fossil', 'xdelta3'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** Longest base or target that a codec takes: 1 MiB, what the fixed memory of xdelta3-wasm holds two of. */
export const MAX_CODEC_BYTES = 1024 * 1024;

export interface Codec {
  /** The patch that makes `target` of `base`; `undefined` where there is none of at most `maxBytes`. */
  encode(base: Uint8Array, target: Uint8Array, maxBytes: number): Uint8Array | undefined;
}
