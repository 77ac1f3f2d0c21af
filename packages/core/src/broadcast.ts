import type { AppSpace } from './app-space.ts';
import { topicOf } from './channel.ts';
import { encodeEnvelope } from './envelope.ts';
import { fanOut } from './fanout.ts';
import type { Hub } from './hub.ts';

export interface Broadcast {
  readonly channel: string;
  /** The whole text of the message. */
  readonly text: string;
  /** Socket id of the connection that must not get it, here or elsewhere; empty for none. */
  readonly except: string;
  /** It is kept for later subscribers. */
  readonly kept?: boolean;
}

/** HOT: once per message and channel. To the subscribers here, then to whoever else has some. */
export function broadcast(hub: Hub, space: AppSpace, { channel, text, except, kept = false }: Broadcast): void {
  const { framer, backbone } = hub.ports;
  const local = space.channels.get(channel);
  if (kept && local !== undefined) local.keptEvents++;
  const hasLocal = local !== undefined && local.subscribers.size > 0;
  if (!hasLocal && !backbone.hasPeers) return;
  const frame = framer.frame(text);
  if (hasLocal) fanOut(hub.ports, local, { frame, except: space.connections.get(except) });
  if (backbone.hasPeers) {
    const envelope = encodeEnvelope({ appId: space.app.id, channel, kept, except, payload: frame.payload });
    backbone.publish(topicOf(space.app.id, channel), envelope);
  }
}
