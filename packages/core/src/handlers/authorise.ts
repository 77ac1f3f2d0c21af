import {
  channelStringToSign,
  type ChannelName,
  isSignatureOf,
  type Member,
  needsSignature,
  parseChannelData,
  type ProtocolError,
  protocolError,
  splitAuth,
  type Subscribe,
} from '@sluice/protocol';
import { type App, secretOf } from '../app.ts';
import type { Connection } from '../connection.ts';

export type Authorisation = { readonly member: Member | null } | { readonly error: ProtocolError };

const ADMITTED: Authorisation = { member: null };

/** Whether the connection may join the channel, and as whom on a presence channel. The signature is checked first. */
export function authorise(connection: Connection, name: ChannelName, message: Subscribe): Authorisation {
  if (name.kind === 'user') {
    if (connection.user?.id === name.userId) return ADMITTED;
    return { error: protocolError('userChannelForbidden', name.raw) };
  }
  if (!needsSignature(name.kind)) return ADMITTED;
  const signed = channelStringToSign(connection.id, name.raw, message.channelData);
  const error = verifyAuth(connection.space.app, { auth: message.auth, subject: name.raw, signed });
  if (error !== undefined) return { error };
  return name.kind === 'presence' ? identify(connection, name, message.channelData) : ADMITTED;
}

export interface SignedClaim {
  /** As sent: `key:signature`. */
  readonly auth: string;
  /** Named in errors: the channel, or the user sign-in. */
  readonly subject: string;
  readonly signed: string;
}

/** Checks a `key:signature` against the keys of the app. The error shows what to sign, never the right signature. */
export function verifyAuth(app: App, { auth, subject, signed }: SignedClaim): ProtocolError | undefined {
  if (auth === '') return protocolError('authRequired', subject);
  const parts = splitAuth(auth);
  if (parts === undefined) return protocolError('authMalformed', subject);
  const secret = secretOf(app, parts.key);
  if (secret === undefined) return protocolError('authUnknownKey', parts.key);
  if (!isSignatureOf(parts.signature, secret, signed))
    return protocolError('invalidSignature', signed, parts.signature);
  return undefined;
}

function identify(connection: Connection, name: ChannelName, channelData: string | undefined): Authorisation {
  const maxBytes = connection.space.app.limits.maxPresenceMemberBytes;
  if (channelData !== undefined) {
    const parsed = parseChannelData(channelData, maxBytes);
    if ('member' in parsed) return parsed;
    return { error: protocolError('channelDataInvalid', name.raw, parsed.problem) };
  }
  const { user } = connection;
  if (user === null) return { error: protocolError('channelDataRequired', name.raw) };
  // A sign-in may carry more than may be sent to every member of a presence channel.
  if (Buffer.byteLength(user.info) <= maxBytes) return { member: { userId: user.id, info: user.info } };
  const problem = `user_info has more than ${maxBytes} bytes`;
  return { error: protocolError('channelDataInvalid', name.raw, problem) };
}
