import assert from 'node:assert/strict';
import { dataOf, objectOf } from '../clients/frames.ts';
import type { PusherSocket } from '../clients/pusher-socket.ts';
import type { RowContext } from '../context.ts';

/** Who is online, and who is not; the order of the ids is free. */
export interface Watched {
  readonly online?: readonly string[];
  readonly offline?: readonly string[];
}

/** Opens a socket of the app with watchlist events, signed in as a user. */
export function connectUser(
  context: RowContext,
  user: { readonly id: string; readonly watchlist?: readonly unknown[] },
): Promise<PusherSocket> {
  return context.connectAs(user, context.provision('watchlist'));
}

/** The next frame has watchlist events, exactly these and in the form of Pusher. */
export async function expectWatched(socket: PusherSocket, expected: Watched): Promise<void> {
  const frame = await socket.expectEvent('pusher_internal:watchlist_events');
  assert.deepEqual(Object.keys(frame).sort(), ['data', 'event']);
  const { events, ...others } = dataOf(frame);
  assert.deepEqual(others, {});
  assert.ok(Array.isArray(events), 'events has to be an array');
  const wanted = (['online', 'offline'] as const).flatMap((name) => {
    const ids = expected[name];
    return ids === undefined ? [] : [{ name, user_ids: ids }];
  });
  assert.deepEqual(sorted(events), sorted(wanted));
}

function sorted(events: readonly unknown[]): unknown[] {
  const withSortedIds = events.map((event) => {
    const { user_ids: ids, ...rest } = objectOf(event, 'an event');
    assert.ok(Array.isArray(ids) && ids.every((id) => typeof id === 'string'), 'user_ids have to be strings');
    return { ...rest, user_ids: ids.toSorted() };
  });
  return withSortedIds.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
