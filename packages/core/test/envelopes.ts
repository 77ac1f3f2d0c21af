import type { Envelope } from '../src/envelope.ts';

/** What most messages are: without a kept event, tags, a key or deltas. */
export const PLAIN_ENVELOPE = {
  kept: false,
  tagsJson: '',
  key: '',
  id: '',
  mode: 'auto',
  patches: [],
} as const satisfies Partial<Envelope>;
