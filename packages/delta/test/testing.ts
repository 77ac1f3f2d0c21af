export { NaiveClient } from './naive-client.ts';
export { RandomPairs } from './random-pairs.ts';
export { readBinaryDelta, type ReadDelta } from './read-binary-delta.ts';
