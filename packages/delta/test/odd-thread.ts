import type { PatchJob } from '../src/patches.ts';

/** Dies at a target that says so, sleeps at another, and answers all others with an empty patch. */
export default function odd([job]: readonly PatchJob[]): readonly Uint8Array[] {
  const text = Buffer.from(job?.target ?? []).toString();
  if (text.includes('die')) process.exit(1);
  if (text.includes('throw')) throw new Error('thrown');
  if (text.includes('sleep')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  return [new Uint8Array()];
}
