import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { hmac } from '../clients/signature.ts';
import type { InboxCall, Told, WebhookInbox } from '../clients/webhook-inbox.ts';
import type { OpenOptions, RowContext } from '../context.ts';
import type { KeyPair } from '../target.ts';

/** "Up to three seconds" is the longest that Pusher holds a departure. */
export const LONGEST_HELD_MS = 3000;
/** Of the way to the receiver, with a batch before it, on a machine that is busy with other rows. */
const WAY_MS = 1500;
const QUIET_MS = 500;

export function occupied(channel: string): Told {
  return { name: 'channel_occupied', channel };
}

export function vacated(channel: string): Told {
  return { name: 'channel_vacated', channel };
}

export function added(channel: string, userId: string): Told {
  return { name: 'member_added', channel, user_id: userId };
}

export function removed(channel: string, userId: string): Told {
  return { name: 'member_removed', channel, user_id: userId };
}

/** The next event is this departure, told no later than Pusher does. */
export async function expectDeparture(inbox: WebhookInbox, expected: Told, leftAt: number): Promise<void> {
  await inbox.expect(expected);
  const tookMs = (inbox.calls.at(-1)?.at ?? Infinity) - leftAt;
  assert.ok(tookMs < LONGEST_HELD_MS + WAY_MS, `it came ${Math.round(tookMs)} ms after the departure`);
}

/** Nothing is told for a while, though the next event is: the silence is not of broken webhooks. */
export async function expectNothingElse(
  c: RowContext,
  inbox: WebhookInbox,
  { forMs = QUIET_MS, ...options }: OpenOptions & { readonly forMs?: number } = {},
): Promise<void> {
  await sleep(forMs);
  const channel = c.channel();
  await (await c.connect(options)).subscribe(channel);
  await inbox.expect(occupied(channel));
}

/** Within this time who left has to be back. */
export function returnMs(c: RowContext): number {
  return c.provision('webhooks').heldMs / 3;
}

/** After this time a departure has been told, if it is told at all. */
export function afterDepartureMs(c: RowContext): number {
  return c.provision('webhooks').heldMs + QUIET_MS;
}

/** A POST of JSON that is signed with this key. */
export function expectSigned({ method, headers, body }: InboxCall, { key, secret }: KeyPair): void {
  assert.equal(method, 'POST');
  // Pusher's library for Node compares the whole value, so that a charset makes the call invalid.
  assert.equal(headers['content-type'], 'application/json');
  assert.equal(headers['x-pusher-key'], key);
  assert.equal(headers['x-pusher-signature'], hmac(secret, body));
}
