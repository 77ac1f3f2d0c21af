// HOT: the loop runs once per recipient; no allocation, closure, await or log call in it.
import type { Channel } from './channel.ts';
import type { Connection } from './connection.ts';
import type { Clock, Frame, Framer, Metrics } from './ports/index.ts';

export interface FanoutPorts {
  readonly framer: Framer;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

export interface Delivery {
  readonly frame: Frame;
  /** The one subscriber that must not get it. */
  readonly except: Connection | undefined;
}

/** Hands one frame to every subscriber of a channel but `except`. */
export function fanOut(ports: FanoutPorts, channel: Channel, { frame, except }: Delivery): void {
  const startedAt = ports.clock.monotonic();
  let recipients = 0;
  for (const connection of channel.subscribers) {
    if (connection === except) continue;
    connection.transport.send(frame);
    recipients++;
  }
  ports.framer.afterFlush(() => {
    ports.metrics.broadcast(channel.name.kind, recipients, (ports.clock.monotonic() - startedAt) / 1000);
  });
}
