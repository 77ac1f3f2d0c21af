import { channelStringToSign, sign } from '@sluice/protocol';
import { APP, type AppFixture } from './app-fixture.ts';

/** The `auth` value that an authorisation endpoint would give for a private channel. */
export function channelAuth(socketId: string, channel: string, app: AppFixture = APP): string {
  return `${app.key}:${sign(app.secret, channelStringToSign(socketId, channel, undefined))}`;
}

/** The same for a presence channel, with the `channel_data` that was signed. */
export function presenceAuth(
  socketId: string,
  channel: string,
  member: unknown,
): { readonly auth: string; readonly channel_data: string } {
  const channelData = JSON.stringify(member);
  const auth = `${APP.key}:${sign(APP.secret, channelStringToSign(socketId, channel, channelData))}`;
  return { auth, channel_data: channelData };
}
