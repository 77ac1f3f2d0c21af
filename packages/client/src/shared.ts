import { ChannelRules } from './channel-rules.ts';
import { Decoders, PACKAGED_DECODERS } from './decoders.ts';
import type { Shared } from './delta-session.ts';
import { DEFAULT_LIMITS, type DeltaOptions } from './options.ts';
import { noStats } from './stats.ts';

const made = new WeakMap<DeltaOptions, Shared>();

/** What connections with the same options share; the options object tells which these are. */
export function shared(options: DeltaOptions): Shared {
  let common = made.get(options);
  if (common === undefined) made.set(options, (common = make(options)));
  return common;
}

function make({ channels, decoders: sources, algorithms, limits, onError = () => undefined }: DeltaOptions): Shared {
  const from = sources ?? PACKAGED_DECODERS;
  return {
    decoders: new Decoders({
      sources: from,
      algorithms: algorithms ?? (['fossil', 'xdelta3'] as const).filter((algorithm) => from[algorithm] !== undefined),
      onError,
    }),
    rules: new ChannelRules(channels),
    limits: { ...DEFAULT_LIMITS, ...limits },
    stats: noStats(),
    onError,
  };
}
