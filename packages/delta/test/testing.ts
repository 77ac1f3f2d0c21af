export { NaiveClient } from './naive-client.ts';
export { RandomPairs } from './random-pairs.ts';
