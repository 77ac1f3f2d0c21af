import type { Decoders } from './decoders.ts';
import { dataOf, type Members } from './frames.ts';
import type { ChannelOptions, DeltaChoice } from './options.ts';

interface Subscribe {
  readonly text: string;
  readonly frame: Members;
  readonly options: ChannelOptions | undefined;
  readonly decoders: Decoders;
}

/** A `pusher:subscribe` with `filter` and `delta` of its channel. The signature does not cover them. */
export function withChannelOptions({ text, frame, options, decoders }: Subscribe): string {
  const { filter } = options ?? {};
  const delta = choice(options?.delta, decoders);
  if (filter === undefined && delta === undefined) return text;
  const added = { ...(filter !== undefined && { filter }), ...(delta !== undefined && { delta }) };
  return JSON.stringify({ ...frame, data: { ...added, ...dataOf(frame) } });
}

/** What can be kept of the wish: without the decoder, whole messages. */
function choice(delta: DeltaChoice | undefined, { algorithms }: Decoders): DeltaChoice | undefined {
  if (delta === undefined || delta === false) return delta;
  if (delta === true) return algorithms.length > 0;
  const wanted = typeof delta === 'string' ? delta : delta.algorithm;
  const canDecode = wanted === undefined ? algorithms.length > 0 : algorithms.includes(wanted);
  return canDecode ? delta : false;
}
