import {
  MAX_WATCHLIST,
  parseUserData,
  protocolError,
  serverMessages,
  type SignIn,
  signinStringToSign,
  type UserData,
} from '@sluice/protocol';
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
  signIn(hub, connection, parsed.user);
  hub.authorise(connection);
  connection.send(serverMessages.signinSuccess(message.userData));
  if (connection.space.app.watchlistEvents) watch(hub, connection, parsed.watchlist);
}

function signIn(hub: Hub, connection: Connection, user: UserData): void {
  const { space } = connection;
  const isNew = connection.user === null;
  connection.user = user;
  if (!isNew) return;
  space.users.add(user.id, connection);
  if (space.app.watchlistEvents) hub.ports.registry.userJoined({ appId: space.app.id, userId: user.id });
}

/** The connection ends. */
export function signOut(hub: Hub, connection: Connection, userId: string): void {
  const { space } = connection;
  space.users.delete(userId, connection);
  if (!space.app.watchlistEvents) return;
  unwatch(hub, connection);
  hub.ports.registry.userLeft({ appId: space.app.id, userId });
}

/** Tells the client who of its watchlist is online, and from then on who comes and goes. */
function watch(hub: Hub, connection: Connection, watchlist: readonly string[]): void {
  const { space } = connection;
  unwatch(hub, connection);
  if (watchlist.length === 0) return;
  const watched = watchlist.slice(0, MAX_WATCHLIST);
  if (watched.length < watchlist.length) {
    connection.sendError(protocolError('watchlistTooLong', MAX_WATCHLIST, watched.join()));
  }
  connection.watched = watched;
  for (const userId of watched) space.watchers.add(userId, connection);
  hub.ports.registry.watch(space.app.id, watched, (online) => {
    if (connection.watched !== watched) return;
    const isOnline = new Set(online);
    const offline = watched.filter((userId) => !isOnline.has(userId));
    connection.send(serverMessages.watchlistEvents({ online: watched.filter((id) => isOnline.has(id)), offline }));
    connection.knowsWatched = true;
  });
}

function unwatch(hub: Hub, connection: Connection): void {
  const { space, watched } = connection;
  connection.watched = [];
  connection.knowsWatched = false;
  const nobody = watched.filter((userId) => space.watchers.delete(userId, connection));
  if (nobody.length > 0) hub.ports.registry.unwatch(space.app.id, nobody);
}
