import { playTrace, type TraceName } from './trace.ts';
import { type Stamp, stampedData } from './stamp.ts';

/** What is published. */
export type Content =
  /** The messages of a publisher are for each of so many filters in turn, by their tags. */
  | { readonly kind: 'tagged'; readonly filters: number }
  /** Each publisher has a conflation key of its own. */
  | { readonly kind: 'keyed' }
  | { readonly kind: 'trace'; readonly name: TraceName };

/** Decides which filter a message matches. */
export const SHARE_TAG = 'share';

/** Of the same length, since it is by their size that messages are told apart. */
export function shareTag(share: number): string {
  return String(share).padStart(6, '0');
}

/** Members of a publish call beside its event and channel; ASCII. */
export interface EventContent {
  readonly data: string;
  readonly conflation_key?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

export type ContentOf = (stamp: Stamp) => EventContent;

export function contentsOf(content: Content | undefined): ContentOf {
  switch (content?.kind) {
    case undefined:
      return (stamp) => ({ data: stampedData(stamp) });
    case 'tagged':
      return (stamp) => ({
        data: stampedData(stamp),
        tags: { [SHARE_TAG]: shareTag(stamp.number % content.filters) },
      });
    case 'keyed':
      return (stamp) => ({ data: stampedData(stamp), conflation_key: String(stamp.publisher) });
    case 'trace':
      return playTrace(content.name);
    default:
      throw new TypeError(`unknown content ${String(content satisfies undefined)}`);
  }
}
