/** How a channel is authorised. `user` is `#server-to-user-<id>`, joined by that signed-in user alone. */
export type ChannelKind = 'public' | 'private' | 'presence' | 'encrypted' | 'user';

export const CHANNEL_KINDS: readonly ChannelKind[] = ['public', 'private', 'presence', 'encrypted', 'user'];

export interface ChannelName {
  readonly raw: string;
  readonly kind: ChannelKind;
  /** The last event is kept for later subscribers (the `cache-` kinds). */
  readonly cached: boolean;
  /** Only for kind `user`: the id the channel belongs to. */
  readonly userId: string | null;
}

export const SERVER_TO_USER_PREFIX = '#server-to-user-';

/** Pusher's alphabet for channel names and for user ids in `#server-to-user-` names. */
const ALPHABET = /^[A-Za-z0-9_\-=@,.;]+$/;

/** Longest prefix first; anchored, so `my-cache-x` is an ordinary public channel. */
const PREFIXES: readonly (readonly [prefix: string, kind: ChannelKind, cached: boolean])[] = [
  ['private-encrypted-cache-', 'encrypted', true],
  ['private-encrypted-', 'encrypted', false],
  ['private-cache-', 'private', true],
  ['private-', 'private', false],
  ['presence-cache-', 'presence', true],
  ['presence-', 'presence', false],
  ['cache-', 'public', true],
];

/**
 * The only grammar of channel names in the tree (Pusher "Channel naming conventions").
 * `undefined` for a name outside the alphabet or longer than `maxLength` characters, prefix included.
 */
export function parseChannelName(raw: string, maxLength: number): ChannelName | undefined {
  if (raw.length > maxLength) return undefined;
  if (raw.startsWith(SERVER_TO_USER_PREFIX)) {
    const userId = raw.slice(SERVER_TO_USER_PREFIX.length);
    return ALPHABET.test(userId) ? { raw, kind: 'user', cached: false, userId } : undefined;
  }
  if (!ALPHABET.test(raw)) return undefined;
  for (const [prefix, kind, cached] of PREFIXES) {
    if (raw.startsWith(prefix)) return { raw, kind, cached, userId: null };
  }
  return { raw, kind: 'public', cached: false, userId: null };
}

/** Channels that need a signature to join; all but public ones and a user's own. */
export function needsSignature(kind: ChannelKind): boolean {
  return kind === 'private' || kind === 'presence' || kind === 'encrypted';
}
