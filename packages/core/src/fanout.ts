// HOT: the loops run once per recipient; no allocation, closure, await or log call in them.
import type { AppSpace } from './app-space.ts';
import type { Cohort } from './audience.ts';
import type { Channel } from './channel.ts';
import type { Connection } from './connection.ts';
import { NOT_KNOWN, type StreamOutcome } from './delta-stream.ts';
import type { Message } from './message.ts';
import type { Clock, Frame, Framer, Metrics } from './ports/index.ts';
import { sendLatest } from './send-latest.ts';

export interface FanoutPorts {
  readonly framer: Framer;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** Hands a message to the subscribers of a channel whom it is for, at once or, on channels that conflate, when its time has come. */
export function deliver(ports: FanoutPorts, channel: Channel, message: Message): StreamOutcome {
  const { window } = channel;
  if (window !== null && message.key !== '' && !window.admits(message)) return NOT_KNOWN;
  return fanOut(ports, channel, message);
}

/** Plain subscribers get the one frame; those who take deltas get theirs by the channel's stream. */
export function fanOut(ports: FanoutPorts, channel: Channel, message: Message): StreamOutcome {
  const startedAt = ports.clock.monotonic();
  const { audience, stream } = channel;
  const cohorts = audience.of(message);
  let recipients = 0;
  for (const { plain } of cohorts)
    recipients += message.key === '' ? send(plain, message) : sendKeyed(channel, plain, message);
  countFiltered(channel.space, cohorts, audience.size);
  const sent = (byStream: number): void => {
    const all = recipients + byStream;
    ports.framer.afterFlush(() => {
      ports.metrics.broadcast(channel.name.kind, all, (ports.clock.monotonic() - startedAt) / 1000);
    });
  };
  if (stream !== null) return stream.publish(message, cohorts, sent);
  sent(0);
  return NOT_KNOWN;
}

/** Tells every subscriber something that is no message: no filter holds it back, and nobody gets it as a delta. */
export function tellAll(channel: Channel, frame: Frame, except: Connection | undefined): void {
  for (const { plain } of channel.audience.all()) {
    for (const connection of plain) {
      if (connection !== except) connection.transport.send(frame);
    }
  }
  channel.stream?.tell(frame, except);
}

function send(connections: ReadonlySet<Connection>, { frame, except }: Message): number {
  let recipients = 0;
  for (const connection of connections) {
    if (connection === except) continue;
    connection.transport.send(frame);
    recipients++;
  }
  return recipients;
}

/** Clients that read too slowly get the newest message of the key when they can take it. */
function sendKeyed(channel: Channel, connections: ReadonlySet<Connection>, { frame, except, key }: Message): number {
  let recipients = 0;
  for (const connection of connections) {
    if (connection === except) continue;
    recipients++;
    const subscription = connection.transport.slow ? connection.subscriptions.get(channel.name.raw) : undefined;
    if (subscription === undefined) connection.transport.send(frame);
    else sendLatest(connection, key, { subscription, frame });
  }
  return recipients;
}

function countFiltered({ counters }: AppSpace, cohorts: readonly Cohort[], size: number): void {
  let reached = 0;
  for (const cohort of cohorts) reached += cohort.size;
  counters.messagesFiltered += size - reached;
}
