import type { PublicationMode, SharedPatch } from '@sluice/delta';
import { NO_TAGS, parseTags, type Tags } from '@sluice/filter';
import { parseJson } from '@sluice/protocol';
import type { Connection } from './connection.ts';
import type { Frame } from './ports/index.ts';

export interface MessageOptions {
  /** What plain subscribers get. */
  readonly frame: Frame;
  /** The text of the frame, where it is at hand. */
  readonly text?: string;
  /** The one subscriber that must not get it. */
  readonly except: Connection | undefined;
  /** Tags as JSON; empty for none. */
  readonly tagsJson: string;
  /** Conflation key; empty for none. */
  readonly key: string;
  readonly mode: PublicationMode;
  /** The same in all workers; empty where patches are not shared. */
  readonly id: string;
  readonly patches: readonly SharedPatch[];
}

/** One event on its way to the subscribers of a channel, the same in the worker that published it and in all others. */
export class Message {
  readonly frame: Frame;
  readonly except: Connection | undefined;
  readonly key: string;
  readonly mode: PublicationMode;
  readonly id: string;
  readonly patches: readonly SharedPatch[];
  readonly #tagsJson: string;
  #text: string | undefined;
  #tags: Tags | undefined;

  constructor({ frame, text, except, tagsJson, key, mode, id, patches }: MessageOptions) {
    this.frame = frame;
    this.#text = text;
    this.except = except;
    this.#tagsJson = tagsJson;
    this.key = key;
    this.mode = mode;
    this.id = id;
    this.patches = patches;
  }

  /** Only deltas are made of it. */
  get text(): string {
    const { payload } = this.frame;
    return (this.#text ??= Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString());
  }

  /** Only filters ask for them. */
  get tags(): Tags {
    return (this.#tags ??= tagsOf(this.#tagsJson));
  }
}

/** Tags of JSON that was made of them; none of an empty text. */
export function tagsOf(json: string): Tags {
  if (json === '') return NO_TAGS;
  const parsed = parseJson(json);
  const result = parsed.ok ? parseTags(parsed.value) : undefined;
  return result?.ok === true ? result.tags : NO_TAGS;
}
