import { Codecs, type Patch, type PatchJob } from './patches.ts';

// The only file of the package that runs in a thread.

const codecs = new Codecs();

export default function patches(jobs: readonly PatchJob[]): readonly Patch[] {
  return jobs.map((job) => codecs.patch(job));
}
