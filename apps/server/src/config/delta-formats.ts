import { type Algorithm, algorithmNamed, ALGORITHMS } from '@sluice/delta';
import type { Format, RawRecord } from './formats.ts';
import { isRecord } from './problem.ts';

export const algorithm: Format<Algorithm> = {
  expected: 'one of fossil, xdelta3 (also called vcdiff)',
  coerce: (text) => algorithmNamed(text.trim()) ?? text,
  validate: (value): value is Algorithm => ALGORITHMS.some((known) => known === value),
};

const MAX_PATH = 256;

/** As core's `conflationKeyOf` takes it. */
export const memberPath: Format<string> = {
  expected: `the path of a member, names with dots between them, of up to ${MAX_PATH} characters`,
  coerce: (text) => text.trim(),
  validate: (value): value is string =>
    typeof value === 'string' && value.length <= MAX_PATH && value.split('.').every((name) => name !== ''),
};

/** Patterns of channel names and what holds for them, to be read by `parseChannelRules`. */
export const channelRules: Format<RawRecord> = {
  expected: 'patterns of channel names, each with a word or a section (in the environment one JSON object)',
  coerce: (text) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return text;
    }
  },
  validate: isRecord,
};
