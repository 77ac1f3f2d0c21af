import type { CLOSE } from '@sluice/protocol';

// What the registry of close codes does not say. The types demand an entry for every one of its own.

interface CloseEffect {
  readonly when: string;
  readonly remedy: string;
}

export const CLOSE_EFFECTS: Readonly<Record<keyof typeof CLOSE, CloseEffect>> = {
  unknownApp: { when: 'No app has the key in the path.', remedy: 'Connect with a key of an app that this server has.' },
  tlsOnly: {
    when: '`force_tls` of the app is true and the client came without TLS.',
    remedy:
      'None; pusher-js comes back with TLS. Others: connect with `wss`. Behind a proxy that has TLS set `trust_hops`.',
  },
  appDisabled: { when: '`enabled` of the app is false.', remedy: 'Set it to true.' },
  overConnectionQuota: {
    when: 'The app has `max_connections` connections already.',
    remedy: 'Close some, or raise `max_connections` of the app.',
  },
  pathNotFound: {
    when: 'The path is not `/app/{key}` behind the path prefix.',
    remedy: 'Compare `wsPath` of the client with `path_prefix` of the server.',
  },
  invalidVersion: { when: '`protocol` in the query is no whole number.', remedy: 'Use a Pusher client library.' },
  unsupportedProtocol: { when: '`protocol` is below 4 or above 7.', remedy: 'Use a newer client library.' },
  noProtocol: {
    when: 'The query has no `protocol`.',
    remedy: 'Send `protocol=7`, or set `websocket.allow_missing_protocol`.',
  },
  overCapacity: {
    when: 'The node has `max_connections` connections already, or the app could not be looked up.',
    remedy: 'Raise `max_connections` at the top level, or add a machine.',
  },
  slowConsumer: {
    when: 'More waits for the client than `websocket.max_messages` or `websocket.max_bytes` allows.',
    remedy: 'Send that client less, or raise the bound. The client may have lost messages.',
  },
  reconnect: { when: 'The server shuts down.', remedy: 'None; clients come back by themselves.' },
  pongTimeout: {
    when: 'The client was silent for `activity_timeout`, was pinged, and said nothing for `pong_timeout`.',
    remedy: 'None; the connection was dead.',
  },
  inactive: {
    when: 'Nothing came from the client for `websocket.idle_timeout`, and it left a ping unanswered for `pong_timeout` at least.',
    remedy:
      'None if the connection was dead. A client that lives has to answer WebSocket pings, as browsers do by themselves.',
  },
  userTerminated: {
    when: 'The application asked for it over the HTTP API (`terminate_connections`).',
    remedy: 'None; the user may connect again, and the application decides whether to let it sign in.',
  },
  originNotAllowed: {
    when: 'The app has `allowed_origins`, and the page of the client is none of them.',
    remedy: 'Add the origin of the page, as the browser sends it; clients that are no browsers need `*`.',
  },
  notAuthorised: {
    when: '`enable_user_authentication` of the app is true, and the client neither signed in nor joined a private or presence channel within `user_authentication_timeout`.',
    remedy: 'Sign in, or join such a channel, right after connecting.',
  },
  binaryFrame: { when: 'The client sent a binary frame.', remedy: 'Send text frames.' },
};
