import assert from 'node:assert/strict';
import type { EventBody } from '../clients/http-client.ts';
import type { PusherSocket } from '../clients/pusher-socket.ts';
import type { OpenOptions, RowContext } from '../context.ts';

export const MISS = 'pusher:cache_miss';

/** Opens a socket that takes cache misses among its frames. */
export function connectForMisses(context: RowContext, options: OpenOptions = {}): Promise<PusherSocket> {
  return context.connect({ ...options, inOrder: [MISS] });
}

/** The next frame is a cache miss, whose data may be left out. */
export async function expectMiss(socket: PusherSocket, channel: string): Promise<void> {
  const { data = '{}', ...rest } = await socket.expectEvent(MISS);
  assert.deepEqual({ ...rest, data }, { event: MISS, channel, data: '{}' });
}

/** The next frame is an event that was published. */
export async function expectKept(socket: PusherSocket, { name, channel, data }: EventBody): Promise<void> {
  await socket.expectFrame({ event: name, channel, data });
}
