import assert from 'node:assert/strict';
import { dataOf } from '../clients/frames.ts';
import type { PusherSocket } from '../clients/pusher-socket.ts';
import type { RowContext } from '../context.ts';
import type { AppCredentials } from '../target.ts';

export const COUNT = 'pusher_internal:subscription_count';

/** The app with subscription counts for rows about their absence, which say less where there is none. */
export function counting(context: RowContext): AppCredentials {
  return context.target.provides['subscription-count-events']?.app ?? context.target.app;
}

/** Opens a socket of the app with subscription counts that takes them among its frames. */
export function connectCounting(context: RowContext): Promise<PusherSocket> {
  const { app } = context.provision('subscription-count-events');
  return context.connect({ app, inOrder: [COUNT] });
}

/** The next frame is the count of a channel, in exactly the form of Pusher. */
export async function expectCount(socket: PusherSocket, channel: string, count: number): Promise<void> {
  const frame = await socket.expectEvent(COUNT);
  assert.deepEqual(Object.keys(frame).sort(), ['channel', 'data', 'event']);
  assert.equal(frame['channel'], channel);
  assert.deepEqual(dataOf(frame), { subscription_count: count });
}
