export { BaseHolder } from './base-holder.ts';
export { CacheSync } from './cache-sync.ts';
export { ChannelPatterns } from './channel-patterns.ts';
export {
  algorithmNamed,
  type ChannelRule,
  type ChannelRuleObject,
  MAX_CONFLATION_INTERVAL_MS,
  MAX_COUNT,
  type ParsedRules,
  parseChannelRules,
  type RuleProblem,
} from './channel-rule.ts';
export { ALGORITHMS, type Algorithm, type Codec, MAX_CODEC_BYTES } from './codec.ts';
export {
  type DeltaCounters,
  emptyDeltaCounters,
  FULL_REASONS,
  type FullReason,
  PLAIN_REASONS,
  type PlainReason,
  POOL_LOSSES,
  type PoolLoss,
} from './counters.ts';
export { CommonBases } from './common-bases.ts';
export { DELTA_DEFAULTS } from './defaults.ts';
export type { DeltaChannel, DeltaRules } from './delta-channel.ts';
export { DeltaEngine, type DeltaEngineOptions } from './delta-engine.ts';
export { DELTA_FORMATS, type DeltaForm, type DeltaFormat, deltaFormat } from './delta-format.ts';
export {
  type AskedDelta,
  type ChannelDelta,
  chooseAlgorithm,
  DeltaPolicy,
  type DeltaSettings,
} from './delta-policy.ts';
export { Demand } from './demand.ts';
export { FossilCodec } from './fossil.ts';
export { Lane, type LaneEntry, type LaneItem, type LaneOptions, type Pace } from './lane.ts';
export { PatchPool, type PoolOptions } from './pool.ts';
export { type Publication, type PublicationMode, type SharedPatch, wireKey } from './publication.ts';
export { Track } from './track.ts';
export { type Kept, Variants } from './variants.ts';
export { VcdiffCodec } from './vcdiff.ts';
export type { DeltaWire, FramePress } from './wire.ts';
