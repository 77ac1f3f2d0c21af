import { CLOSE, type CloseReason, serverMessages } from '@sluice/protocol';
import { MessageFrame } from './frame.ts';

/** Clients before protocol 6 expect a `pusher:error` before the close; later ones only the close (PROTO changelog). */
const CLOSE_ONLY_SINCE = 6;

/** What a client of this protocol version is to read before it is closed, if anything. */
export function closeError(protocol: number, reason: CloseReason): MessageFrame | null {
  // Pusher sends the error of this one in every version, so core has already sent it. Its code does not tell: 4009 has other reasons.
  if (protocol >= CLOSE_ONLY_SINCE || reason === CLOSE.notAuthorised) return null;
  return MessageFrame.ofText(serverMessages.errorMessage({ code: reason.code, message: reason.reason }));
}
