import { PROTOCOL_ERRORS } from './errors.ts';

export interface CloseReason {
  readonly code: number;
  /** Shown to developers; that of 4001 and 4009 is what Pusher itself says. At most 123 bytes (RFC 6455 §5.5). */
  readonly reason: string;
}

/**
 * Why the server ends a connection (Pusher WebSocket protocol, "Connection closure").
 * 4000–4099: do not come back unchanged. 4100–4199: come back after a second or more. 4200–4299: come back at once.
 * Never 4300 or above: pusher-js takes those for a refusal and stays away.
 */
export const CLOSE = {
  unknownApp: (key: string): CloseReason => ({
    code: 4001,
    reason: `App key ${truncate(key, 40)} not in this cluster. Did you forget to specify the cluster?`,
  }),
  tlsOnly: { code: 4000, reason: 'Application only accepts SSL connections, reconnect using wss://' },
  appDisabled: { code: 4003, reason: 'Application disabled' },
  overConnectionQuota: { code: 4004, reason: 'Application is over connection quota' },
  pathNotFound: { code: 4005, reason: 'Path not found' },
  invalidVersion: { code: 4006, reason: 'Invalid version string format' },
  unsupportedProtocol: { code: 4007, reason: 'Unsupported protocol version' },
  noProtocol: { code: 4008, reason: 'No protocol version supplied' },
  overCapacity: { code: 4100, reason: 'Over capacity' },
  slowConsumer: { code: 4100, reason: 'Over capacity: client reads too slowly' },
  reconnect: { code: 4200, reason: 'Server is going away, reconnect immediately' },
  pongTimeout: { code: 4201, reason: 'Pong reply not received' },
  inactive: { code: 4202, reason: 'Closed after inactivity' },
  userTerminated: { code: 4009, reason: 'Connections of this user were terminated' },
  originNotAllowed: { code: 4009, reason: 'Origin not allowed' },
  notAuthorised: { code: 4009, reason: PROTOCOL_ERRORS.notAuthorised.text },
  binaryFrame: { code: 1003, reason: 'Binary frames are not supported' },
} as const satisfies Record<string, CloseReason | ((argument: string) => CloseReason)>;

/** Counts bytes, and cuts only between characters: a key comes from the URL and may be any text. */
function truncate(text: string, maxBytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return read < text.length ? `${text.slice(0, read)}…` : text;
}
