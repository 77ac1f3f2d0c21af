import { boolean, bytes, count, milliseconds, orNone } from './formats.ts';
import { setting } from './leaf.ts';

/** What one connection may send and leave waiting. */
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
    doc: 'Largest message a client may send, in bytes. The smaller of this and `websocket_max_payload_kb` holds.',
    default: 67_108_864,
    env: 'WEBSOCKET_MAX_MESSAGE_SIZE',
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
  flush_slice_ms: setting(milliseconds(1), {
    doc: 'Longest stretch of writing, in milliseconds, before other work gets its turn.',
    default: 3,
    env: 'WEBSOCKET_FLUSH_SLICE_MS',
  }),
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
