import { parseUserData, protocolError, serverMessages, type SignIn, signinStringToSign } from '@sluice/protocol';
import type { Connection } from '../connection.ts';
import type { Hub } from '../hub.ts';
import { verifyAuth } from './authorise.ts';

/** `pusher:signin`: makes the connection that of a user. A failure leaves it open and not signed in. */
export function handleSignIn(hub: Hub, connection: Connection, message: SignIn): void {
  if (message.auth === '') {
    connection.sendError(protocolError('missingParameter', 'data.auth'));
    return;
  }
  const signed = signinStringToSign(connection.id, message.userData);
  const error = verifyAuth(connection.space.app, { auth: message.auth, subject: 'pusher:signin', signed });
  if (error !== undefined) {
    connection.sendError(error);
    return;
  }
  const parsed = parseUserData(message.userData);
  if ('problem' in parsed) {
    connection.sendError(protocolError('signinInvalid', parsed.problem));
    return;
  }
  if (connection.user !== null && connection.user.id !== parsed.user.id) {
    connection.sendError(protocolError('signinOtherUser'));
    return;
  }
  connection.user = parsed.user;
  connection.space.addUser(parsed.user.id, connection);
  hub.authorise(connection);
  connection.send(serverMessages.signinSuccess(message.userData));
}
