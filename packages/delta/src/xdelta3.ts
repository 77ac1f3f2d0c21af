import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// Compiled types for WebAssembly come only with those of a browser.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => Xdelta3Module;
  readonly Instance: new (module: Xdelta3Module, imports: object) => { readonly exports: object };
  readonly RuntimeError: ErrorConstructor;
};

/** A compiled WebAssembly module. */
export interface Xdelta3Module {
  readonly [Symbol.toStringTag]: string;
}

/** What the module exports, of what is used here. All pointers are into its 16 MiB of memory, which cannot grow. */
export interface Xdelta3 {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly _initialize?: () => void;
  readonly malloc: (bytes: number) => number;
  readonly xd3_encode_memory: (
    ...args: readonly [
      target: number,
      targetBytes: number,
      base: number,
      baseBytes: number,
      out: number,
      /** Where the length of what it wrote goes. */
      outBytes: number,
      maxOutBytes: number,
      flags: number,
    ]
  ) => number;
}

/** Compiles the module of the npm package `xdelta3-wasm`; its name has a hash in it, so only a look into the folder finds it. */
export function compileXdelta3(): Xdelta3Module {
  const main = createRequire(import.meta.url).resolve('xdelta3-wasm');
  const folder = main.slice(0, main.length - 'index.js'.length);
  const file = readdirSync(folder).find((name) => name.endsWith('.wasm'));
  if (file === undefined) throw new Error(`xdelta3-wasm: no .wasm file in ${folder}; install its version 1.0.0`);
  return new WebAssembly.Module(readFileSync(folder + file));
}

export function instantiate(module: Xdelta3Module): Xdelta3 {
  const exports = new WebAssembly.Instance(module, {}).exports as Xdelta3;
  exports._initialize?.();
  return exports;
}

/** Whether the module stopped in the middle of something; then every later call would too. */
export function isTrap(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError;
}
