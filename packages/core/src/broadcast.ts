import type { PublicationMode } from '@sluice/delta';
import type { AppSpace } from './app-space.ts';
import { topicOf } from './channel.ts';
import { NOT_KNOWN } from './delta-stream.ts';
import { encodeEnvelope } from './envelope.ts';
import { deliver } from './fanout.ts';
import type { Hub } from './hub.ts';
import { Message } from './message.ts';

export interface Broadcast {
  readonly channel: string;
  /** The whole text of the message. */
  readonly text: string;
  /** Socket id of the connection that must not get it, here or elsewhere; empty for none. */
  readonly except: string;
  /** It is kept for later subscribers. */
  readonly kept: boolean;
  /** Tags as JSON; empty for none. */
  readonly tagsJson: string;
  /** Conflation key; empty for none. */
  readonly key: string;
  readonly mode: PublicationMode;
}

/** HOT: once per message and channel. To the subscribers here, then to whoever else has some. */
export function broadcast(hub: Hub, space: AppSpace, asked: Broadcast): void {
  const { channel, text, except, kept, tagsJson, key, mode } = asked;
  const { framer, backbone } = hub.ports;
  const local = space.channels.get(channel);
  if (kept && local !== undefined) local.keptEvents++;
  const hasLocal = local !== undefined && local.audience.size > 0;
  if (!hasLocal && !backbone.hasPeers) return;
  const frame = framer.frame(text);
  const shared = { tagsJson, key, id: backbone.hasPeers ? hub.nextMessageId() : '' };
  const toMessage = { ...shared, frame, text, except: space.connections.get(except), mode, patches: [] };
  const { patches, endsInterval } = hasLocal ? deliver(hub.ports, local, new Message(toMessage)) : NOT_KNOWN;
  if (!backbone.hasPeers) return;
  const toAll = {
    ...shared,
    // The others begin a new interval too.
    mode: endsInterval && hub.options.deltas.alignIntervals ? 'full' : mode,
    patches,
  } as const;
  const envelope = { appId: space.app.id, channel, kept, except, payload: frame.payload, ...toAll };
  backbone.publish(topicOf(space.app.id, channel), encodeEnvelope(envelope));
}
