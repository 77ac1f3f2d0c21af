import { channelStringToSign, sign, signinStringToSign } from '@sluice/protocol';
import { APP } from './app-fixture.ts';

/** The `auth` value that an authorisation endpoint would give. `channelData` is signed where there is any. */
export function channelAuth(socketId: string, channel: string, channelData?: string): string {
  return `${APP.key}:${sign(APP.secret, channelStringToSign(socketId, channel, channelData))}`;
}

/** What `pusher:signin` carries. */
export function userAuth(socketId: string, user: unknown): { auth: string; user_data: string } {
  const user_data = JSON.stringify(user);
  return { auth: `${APP.key}:${sign(APP.secret, signinStringToSign(socketId, user_data))}`, user_data };
}

/** The same for a presence channel, with the `channel_data` that was signed. */
export function presenceAuth(
  socketId: string,
  channel: string,
  member: unknown,
): { readonly auth: string; readonly channel_data: string } {
  const channelData = JSON.stringify(member);
  return { auth: channelAuth(socketId, channel, channelData), channel_data: channelData };
}
