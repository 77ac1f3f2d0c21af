import assert from 'node:assert/strict';
import type { HttpClient } from '../clients/http-client.ts';
import type { RowContext } from '../context.ts';

/** Waits until a channel is no longer in the list of those that are occupied. */
export async function untilNotListed(context: RowContext, channel: string): Promise<void> {
  await context.eventually(`${channel} to be listed no more`, async () =>
    (await context.http().channels(channel)).length === 0 ? true : undefined,
  );
}

/** The list has this channel, and none of a user. */
export async function expectUsersUnlisted(http: HttpClient, listed: string): Promise<void> {
  const all = await http.channels('');
  assert.ok(all.includes(listed));
  assert.deepEqual(
    all.filter((name) => name.startsWith('#')),
    [],
  );
}
