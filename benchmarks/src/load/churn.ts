import { monotonicMicros } from '../clock.ts';
import { Histogram } from '../histogram.ts';
import { CountingListener } from './counting-listener.ts';
import { dealt } from './dealing.ts';
import type { ChurnArgs, Churned } from './messages.ts';
import { Subscriber } from './subscriber.ts';
import { Tally } from './tally.ts';

/** Channels that a client visits in one life; one would only connect, many would hardly. */
const VISITS = 4;
const READ_BUFFER_BYTES = 64 * 1024;

/** Clients that connect, go from channel to channel, leave, and come back at once, for a while. */
export async function churn(args: ChurnArgs): Promise<Churned> {
  const { endpoint, channels, clients, durationMs } = args;
  const latency = new Histogram();
  const errors = new Map<string, number>();
  const readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  const tally = new Tally();
  const startedAtMicros = monotonicMicros();
  const until = startedAtMicros + durationMs * 1000;
  let lives = 0;
  let subscriptions = 0;

  const liveOnce = async (client: number): Promise<void> => {
    const channel = dealt(channels, client);
    const subscriber = new Subscriber({
      endpoint,
      channel,
      asked: {},
      binary: false,
      localAddress: undefined,
      readBuffer,
      tally,
      listener: new CountingListener({ tally, hearing: { channel, first: 0, step: 1 } }),
    });
    try {
      await subscriber.subscribed;
      for (let visit = 1; visit < VISITS; visit++) {
        const startedAt = monotonicMicros();
        await subscriber.move(dealt(channels, client + visit));
        latency.record(monotonicMicros() - startedAt);
      }
      lives++;
      subscriptions += VISITS;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      errors.set(reason, (errors.get(reason) ?? 0) + 1);
    } finally {
      subscriber.close();
    }
  };
  const comeAndGo = async (client: number): Promise<void> => {
    // One that failed would only fail again and again.
    while (monotonicMicros() < until && errors.size === 0) await liveOnce(client);
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => comeAndGo(client)));
  return {
    lives,
    subscriptions,
    errors,
    latency: latency.snapshot(),
    startedAtMicros,
    endedAtMicros: monotonicMicros(),
  };
}
