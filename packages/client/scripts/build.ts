// What ships: a module, a script for browsers, and its decoders. The types are written by tsc.
import { build } from 'esbuild';
import { BUNDLES } from './bundles.ts';

const { module, script, decoders } = BUNDLES;
await Promise.all([module, script, ...decoders].map((options) => build(options)));
