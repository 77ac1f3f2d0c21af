import type { PusherSocket } from '../clients/pusher-socket.ts';

/** Joins a presence channel one after the other, as three users in turn. */
export async function joinAsThree(sockets: readonly PusherSocket[], channel: string): Promise<void> {
  for (const [i, socket] of sockets.entries()) {
    socket.sendJoin(channel, { user_id: `u${i % 3}` });
    await socket.listArrived();
  }
}
