// HOT: the loop runs once per recipient; no allocation, closure, await or log call in it.
import type { Channel } from './channel.ts';
import type { Connection } from './connection.ts';
import type { Clock, Frame, Framer, Metrics } from './ports/index.ts';

export interface FanoutPorts {
  readonly framer: Framer;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** Hands one frame to every subscriber of a channel but `except`. */
export function fanOut(ports: FanoutPorts, channel: Channel, frame: Frame, except: Connection | undefined): void {
  const startedAt = ports.clock.monotonic();
  for (const connection of channel.subscribers) {
    if (connection !== except) connection.transport.send(frame);
  }
  const recipients = channel.subscribers.size;
  ports.framer.afterFlush(() => {
    ports.metrics.broadcast(channel.name.kind, recipients, (ports.clock.monotonic() - startedAt) / 1000);
  });
}
