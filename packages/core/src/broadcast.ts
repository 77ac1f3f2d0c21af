import type { PublicationMode } from '@sluice/delta';
import type { AppSpace } from './app-space.ts';
import { topicOf } from './channel.ts';
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
  const id = backbone.hasPeers ? hub.nextMessageId() : '';
  const options = { tagsJson, key, id };
  const outcome = hasLocal
    ? deliver(
        hub.ports,
        local,
        new Message({ ...options, frame, text, except: space.connections.get(except), mode, patches: [] }),
      )
    : null;
  if (!backbone.hasPeers) return;
  const aligned = outcome?.endsInterval === true && hub.options.deltas.alignIntervals;
  const patches = outcome?.patches ?? [];
  const rest = { ...options, mode: aligned ? ('full' as const) : mode, patches, payload: frame.payload };
  backbone.publish(
    topicOf(space.app.id, channel),
    encodeEnvelope({ appId: space.app.id, channel, kept, except, ...rest }),
  );
}
