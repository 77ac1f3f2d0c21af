export { ALGORITHMS, type Algorithm, type Codec } from './codec.ts';
export { FossilCodec } from './fossil.ts';
export { VcdiffCodec } from './vcdiff.ts';
