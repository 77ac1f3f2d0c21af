import Echo from 'laravel-echo';
import type { PusherClient } from '../clients/pusher-client.ts';

/** Laravel Echo over a client that is there already. */
export function echoOf({ pusher }: PusherClient): Echo<'pusher'> {
  return new Echo<'pusher'>({ broadcaster: 'pusher', key: pusher.key, client: pusher, withoutInterceptors: true });
}
