import { setTimeout as sleep } from 'node:timers/promises';

import { monotonicMicros } from '../clock.ts';
import { Histogram } from '../histogram.ts';
import { contentsOf } from './content.ts';
import type { PublishArgs, Published } from './messages.ts';
import { dealt } from './dealing.ts';
import { Publisher } from './publisher.ts';

const TOO_FAR_BEHIND_MICROS = 1_000_000;
/** After a refusal: long enough to give the server air, short beside a run. */
const REFUSED_PAUSE_MS = 5;

/** One run of publishers, from their connections to their last answers. */
export async function publish(args: PublishArgs): Promise<Published> {
  const { endpoints, channels } = args;
  const latency = new Histogram();
  const contentOf = contentsOf(args.content);
  const publishers = Array.from(
    { length: args.publishers },
    (_, publisher) =>
      new Publisher({
        endpoint: dealt(endpoints, publisher),
        channel: dealt(channels, publisher),
        publisher,
        contentOf,
        latency,
      }),
  );
  try {
    await Promise.all(publishers.map((publisher) => publisher.connect()));
    const startedAtMicros = monotonicMicros();
    const until = startedAtMicros + args.durationMs * 1000;
    let unsent = 0;
    if (args.rate === null) await Promise.all(publishers.map((publisher) => saturate(publisher, until)));
    else unsent = await keepRate(publishers, { rate: args.rate, durationMs: args.durationMs });
    return {
      accepted: publishers.map((publisher) => publisher.accepted),
      refused: publishers.reduce((sum, publisher) => sum + publisher.refused, 0),
      unsent,
      latency: latency.snapshot(),
      startedAtMicros,
      endedAtMicros: monotonicMicros(),
    };
  } finally {
    for (const publisher of publishers) publisher.close();
  }
}

async function saturate(publisher: Publisher, untilMicros: number): Promise<void> {
  for (let now = monotonicMicros(); now < untilMicros; now = monotonicMicros()) {
    if ((await publisher.publish(now)) === 'refused') await sleep(REFUSED_PAUSE_MS);
  }
}

/**
 * An open loop: a message that is due while every connection still waits for its answer waits in a queue and keeps the
 * stamp of the moment it was due, so a server that stalls is charged for all that it held up. One that falls behind too
 * far does not sustain the rate, and is given no more. Returns how many messages were not sent.
 */
async function keepRate(publishers: readonly Publisher[], pace: { rate: number; durationMs: number }): Promise<number> {
  const messages = Math.max(1, Math.round((pace.rate * pace.durationMs) / 1000));
  const startedAt = monotonicMicros();
  const due: number[] = [];
  let failure: unknown = null;
  const underWay = new Set<Promise<void>>();

  const work = async (publisher: Publisher): Promise<void> => {
    for (let stamp = due.shift(); stamp !== undefined; stamp = due.shift()) await publisher.publish(stamp);
  };
  let sent = 0;
  for (; sent < messages && failure === null; sent++) {
    const waitMicros = startedAt + (sent * 1e6) / pace.rate - monotonicMicros();
    if (waitMicros > 500) await sleep(waitMicros / 1000);
    const now = monotonicMicros();
    if (now - (due[0] ?? now) > TOO_FAR_BEHIND_MICROS) break;
    due.push(now);
    const next = publishers[sent % publishers.length];
    const idle = next?.isBusy === false ? next : publishers.find((publisher) => !publisher.isBusy);
    if (idle === undefined) continue;
    const working = work(idle).catch((error: unknown) => {
      failure ??= error;
    });
    underWay.add(working);
    void working.then(() => underWay.delete(working));
  }
  const unsent = sent < messages ? messages - sent + due.splice(0).length : 0;
  await Promise.all(underWay);
  if (failure !== null) throw failure;
  return unsent;
}
