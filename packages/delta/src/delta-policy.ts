import { ChannelPatterns } from './channel-patterns.ts';
import { type ChannelRule, MAX_COUNT, RULE_DEFAULTS } from './channel-rule.ts';
import type { Algorithm } from './codec.ts';
import type { DeltaRules } from './delta-channel.ts';

/** The section `delta_compression`. */
export interface DeltaSettings {
  readonly enabled: boolean;
  readonly algorithm: Algorithm;
  readonly fullMessageInterval: number;
  readonly minMessageBytes: number;
  readonly maxStateAgeMs: number;
  /** Conflation keys of a channel; null: as many as there may ever be, {@link MAX_COUNT}. */
  readonly maxConflationStatesPerChannel: number | null;
  /** Path of the conflation key on channels that say nothing else. */
  readonly conflationKeyPath: string | null;
  /** Shortest time between two messages of one conflation key on channels that say nothing else; 0: all are sent. */
  readonly conflationIntervalMs: number;
}

/** What holds for one channel. */
export interface ChannelDelta extends DeltaRules {
  readonly enabled: boolean;
  /** For clients that ask for none in particular. */
  readonly algorithm: Algorithm;
  /** Whether `tags` go to subscribers; `undefined`: as in the section on tags. */
  readonly enableTags: boolean | undefined;
  /** Whether there are deltas or not: the newest message of a key is sent, at most one in so many milliseconds; 0: all. */
  readonly conflationIntervalMs: number;
}

/** What one subscription asks for; members as in packages/protocol. */
export type AskedDelta =
  | { readonly enabled: false }
  | { readonly enabled: true; readonly algorithm: Algorithm | undefined };

const ENCRYPTED_PREFIX = 'private-encrypted-';

interface Applied {
  readonly open: ChannelDelta;
  readonly encrypted: ChannelDelta;
}

/** What an app's channels do about deltas: the section for all of them, and the app's `channel_delta_compression`. */
export class DeltaPolicy {
  readonly #settings: DeltaSettings;
  readonly #others: Applied;
  readonly #patterns: ChannelPatterns<Applied>;

  constructor(settings: DeltaSettings, rules: ReadonlyMap<string, ChannelRule>) {
    this.#settings = settings;
    this.#others = this.#applied('inherit');
    this.#patterns = new ChannelPatterns(new Map(Array.from(rules, ([name, rule]) => [name, this.#applied(rule)])));
  }

  /** To be kept as long as the channel is: finding it goes through the patterns. */
  channel(name: string): ChannelDelta {
    const { open, encrypted } = this.#patterns.find(name) ?? this.#others;
    return name.startsWith(ENCRYPTED_PREFIX) ? encrypted : open;
  }

  #applied(rule: ChannelRule): Applied {
    const channel = this.#apply(rule);
    const open = { ...channel, enabled: this.#settings.enabled && channel.enabled };
    // Every frame of an encrypted channel is new from its first byte of data to the last.
    return { open, encrypted: { ...open, enabled: false } };
  }

  #apply(rule: ChannelRule): ChannelDelta {
    const inherited = this.#inherited();
    switch (rule) {
      case 'inherit':
        return inherited;
      case 'disabled':
        return { ...inherited, enabled: false };
      case 'fossil':
      case 'xdelta3':
        return { ...inherited, algorithm: rule };
      default:
        return {
          ...inherited,
          enabled: rule.enabled,
          algorithm: rule.algorithm,
          conflationKey: rule.conflationKey ?? inherited.conflationKey,
          conflationIntervalMs: rule.conflationIntervalMs ?? inherited.conflationIntervalMs,
          maxMessagesPerKey: rule.maxMessagesPerKey,
          maxKeys: rule.maxConflationKeys,
          enableTags: rule.enableTags,
        };
    }
  }

  #inherited(): ChannelDelta {
    const { algorithm, fullMessageInterval, minMessageBytes, maxStateAgeMs } = this.#settings;
    return {
      enabled: true,
      algorithm,
      fullMessageInterval,
      minMessageBytes,
      maxStateAgeMs,
      maxMessagesPerKey: RULE_DEFAULTS.maxMessagesPerKey,
      maxKeys: this.#settings.maxConflationStatesPerChannel ?? MAX_COUNT,
      conflationKey: this.#settings.conflationKeyPath ?? undefined,
      conflationIntervalMs: this.#settings.conflationIntervalMs,
      enableTags: undefined,
    };
  }
}

/**
 * The algorithm for one subscription; `undefined`: no deltas. `offered`: what the client can decode, by
 * `pusher:enable_delta_compression`; empty where it sent none. `asked`: `delta` of its subscription.
 */
export function chooseAlgorithm(
  channel: ChannelDelta,
  offered: readonly Algorithm[],
  asked: AskedDelta | undefined,
): Algorithm | undefined {
  if (!channel.enabled || asked?.enabled === false) return undefined;
  // A subscription that names an algorithm offers it.
  if (asked?.algorithm !== undefined) return asked.algorithm;
  if (offered.length === 0) return asked === undefined ? undefined : channel.algorithm;
  return offered.includes(channel.algorithm) ? channel.algorithm : offered[0];
}
