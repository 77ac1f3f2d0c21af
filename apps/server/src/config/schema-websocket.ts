import { boolean, bytes, count, milliseconds, oneOf, orNone, seconds } from './formats.ts';
import { setting } from './leaf.ts';

/** What one connection may send and leave waiting, when it is written, pinged and given up, and how it is compressed. */
export const WEBSOCKET_SECTION = {
  max_messages: setting(orNone(count(1)), {
    doc: 'Messages that may wait for one slow client. `none`: no bound by number.',
    default: 1000,
    env: 'WEBSOCKET_MAX_MESSAGES',
  }),
  max_bytes: setting(orNone(bytes(1)), {
    doc: 'Bytes that may wait for one slow client. `none`: no bound by size.',
    default: null,
    env: 'WEBSOCKET_MAX_BYTES',
  }),
  disconnect_on_buffer_full: setting(boolean, {
    doc: 'What happens at these bounds: true closes the client with 4100, false drops the messages that do not fit.',
    default: true,
    env: 'WEBSOCKET_DISCONNECT_ON_BUFFER_FULL',
  }),
  max_message_size: setting(bytes(1), {
    doc: 'Largest message a client may send, in bytes; more is closed with 1009. The smallest of this, `websocket.max_frame_size` and `websocket_max_payload_kb` holds.',
    default: 67_108_864,
    env: 'WEBSOCKET_MAX_MESSAGE_SIZE',
  }),
  max_frame_size: setting(bytes(1), {
    doc: 'Bounds a message of a client like `websocket.max_message_size`: it counts as the sum of its frames, and has no bound for each of them.',
    default: 16_777_216,
    env: 'WEBSOCKET_MAX_FRAME_SIZE',
  }),
  max_backpressure: setting(bytes(1), {
    doc: 'Bytes handed to one socket before further messages wait in the bounded queue.',
    default: 1_048_576,
    env: 'WEBSOCKET_MAX_BACKPRESSURE',
  }),
  flush_delay_ms: setting(milliseconds(0), {
    doc: 'Extra time, in milliseconds, in which messages are gathered before they are written. 0: until the end of the turn.',
    default: 0,
    env: 'WEBSOCKET_FLUSH_DELAY_MS',
  }),
  write_buffer_size: setting(bytes(1), {
    doc: 'With `websocket.flush_delay_ms` above 0: bytes waiting for one client at which that time is over. Without, of no effect.',
    default: 16_384,
    env: 'WEBSOCKET_WRITE_BUFFER_SIZE',
  }),
  flush_slice_ms: setting(milliseconds(1), {
    doc: 'Longest stretch of writing, in milliseconds, before other work gets its turn.',
    default: 3,
    env: 'WEBSOCKET_FLUSH_SLICE_MS',
  }),
  auto_ping: setting(boolean, {
    doc: 'Whether a silent client is also pinged before `activity_timeout`, and again and again, so that proxies on the way keep the connection.',
    default: true,
    env: 'WEBSOCKET_AUTO_PING',
  }),
  ping_interval: setting(seconds(1), {
    doc: 'Silence between these pings, in seconds; half of `activity_timeout` if that is longer.',
    default: 30,
    env: 'WEBSOCKET_PING_INTERVAL',
  }),
  idle_timeout: setting(seconds(0), {
    doc: 'Silence, in seconds, after which a client that left a ping unanswered for `pong_timeout` is closed with 4202. 0: never.',
    default: 120,
    env: 'WEBSOCKET_IDLE_TIMEOUT',
  }),
  compression: setting(
    oneOf(
      'disabled',
      'dedicated',
      'shared',
      'window256b',
      'window1kb',
      'window2kb',
      'window4kb',
      'window8kb',
      'window16kb',
      'window32kb',
    ),
    {
      doc: 'Compression (permessage-deflate) for clients that offer it. `shared`: each message once for all of them. `dedicated` and the windows: for each connection by itself.',
      default: 'disabled',
      env: 'WEBSOCKET_COMPRESSION',
    },
  ),
  allow_missing_protocol: setting(boolean, {
    doc: 'Treat a handshake without `protocol` as protocol 7 instead of closing it with 4008.',
    default: false,
    env: 'WEBSOCKET_ALLOW_MISSING_PROTOCOL',
  }),
  subscription_errors: setting(boolean, {
    doc: "Whether a refused channel gets `pusher:subscription_error`, which its handlers can bind, beside Pusher's own `pusher:error`.",
    default: true,
    env: 'WEBSOCKET_SUBSCRIPTION_ERRORS',
  }),
} as const;
