import type { PusherClient } from '../clients/pusher-client.ts';
import type { RowContext } from '../context.ts';

/** The master key of encrypted channels, which no server knows. */
export const MASTER_KEY = Buffer.alloc(32, 7).toString('base64');

/** pusher-js whose authorisation gives it the secret of encrypted channels. */
export function encryptedPusher(context: RowContext): PusherClient {
  const publisher = context.publisher(MASTER_KEY);
  return context.pusher({
    options: {
      channelAuthorization: {
        customHandler: ({ socketId, channelName }, callback) =>
          callback(null, publisher.authorizeChannel(socketId, channelName)),
      },
    },
  });
}
