import { WebhookReceiver } from '../clients/webhook-receiver.ts';
import { LONGEST_HELD_MS } from '../rows/webhooks.ts';
import type { Target } from '../target.ts';
import type { Options } from './options.ts';
import { UsageError } from './usage-error.ts';

/** As Pusher's own statement has it. */
const LOAD_SECONDS = 60;
/** Of a server that begins with a gap of some seconds. */
const TRIES_MS = 120_000;

/** `null`: the server sends no webhooks. */
export async function listenForWebhooks({ webhookPort }: Options): Promise<WebhookReceiver | null> {
  if (webhookPort === null) return null;
  try {
    return await WebhookReceiver.listen(webhookPort);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--webhook-port: nothing can listen on ${webhookPort}: ${reason}`);
  }
}

/** What is known of a server from the command line. */
export function targetOf({ endpoint, app, connections }: Options, receiver: WebhookReceiver | null): Target {
  const webhooks = { path: null, heldMs: LONGEST_HELD_MS, triesMs: TRIES_MS, isSingle: false };
  const load = connections === null ? {} : { load: { connections, seconds: LOAD_SECONDS } };
  return { endpoint, app, provides: receiver === null ? {} : { webhooks: { receiver, ...webhooks } }, ...load };
}
