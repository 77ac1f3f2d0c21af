import { MAX_CODEC_BYTES } from './codec.ts';
import type { FullReason, PlainReason } from './counters.ts';
import type { DeltaRules } from './delta-channel.ts';
import type { PublicationMode } from './publication.ts';
import type { Track } from './track.ts';

export interface Judged {
  readonly mode: PublicationMode;
  /** Of the text. */
  readonly bytes: number;
}

/** Why a publication is to go out as on a channel without deltas; `undefined`: it need not. */
export function plainReason(rules: DeltaRules, { mode, bytes }: Judged): PlainReason | undefined {
  if (mode === 'plain') return 'opted_out';
  if (bytes < rules.minMessageBytes) return 'small';
  return bytes > MAX_CODEC_BYTES ? 'large' : undefined;
}

/** Why all are to get it in full; `undefined`: they need not. `aged`: whether the track had a base that is too old now. */
export function fullReason(
  rules: DeltaRules,
  { mode, track, aged }: { readonly mode: PublicationMode; readonly track: Track; readonly aged: boolean },
): FullReason | undefined {
  if (track.newest === undefined) return aged ? 'age' : 'first';
  if (mode === 'full') return 'asked';
  return track.deltas >= rules.fullMessageInterval ? 'interval' : undefined;
}
