import * as ws from 'ws';
import type { WindowLimits } from './compression.ts';
import { SHARED_WINDOW_BITS } from './deflate.ts';

/** Who compresses for a client: nobody, ws for it alone, or we once for all that are `shared`. */
export type Deflation = 'none' | 'own' | 'shared';

export interface Agreement {
  /** The one offer that is accepted, as it is answered; null: none. */
  readonly header: string | null;
  readonly deflation: Deflation;
}

type Parameters = Readonly<Record<string, readonly (string | true)[]>>;

/** What the types of ws leave out: its parser of `Sec-WebSocket-Extensions` is public. */
const { extension } = ws as unknown as {
  readonly extension: { parse(header: string): Readonly<Record<string, readonly Parameters[]>> };
};

const DECLINED: Agreement = { header: null, deflation: 'none' };

/**
 * Chooses from what a client offers (RFC 7692 §7.1). ws is then handed only what was chosen: by itself it has one answer
 * for all clients, and refuses the connection of one whose offers are to be declined.
 */
export function agree(offered: string | undefined, limits: WindowLimits): Agreement {
  if (offered === undefined) return DECLINED;
  let offers: readonly Parameters[];
  try {
    offers = extension.parse(offered)['permessage-deflate'] ?? [];
  } catch {
    // A header that is none fails the handshake (RFC 6455 §9.1), which ws does.
    return { header: offered, deflation: 'none' };
  }
  const offer = offers.find(isValid);
  return offer === undefined ? DECLINED : accept(offer, limits);
}

const isFlag = (value: string | true): boolean => value === true;
const isWindow = (value: string | true): boolean => value !== true && /^(?:[89]|1[0-5])$/.test(value);

const PARAMETERS = new Map([
  ['server_no_context_takeover', isFlag],
  ['client_no_context_takeover', isFlag],
  ['server_max_window_bits', isWindow],
  ['client_max_window_bits', (value: string | true) => isFlag(value) || isWindow(value)],
]);

function isValid(offer: Parameters): boolean {
  return Object.entries(offer).every(
    ([name, values]) => values.length === 1 && values.every((value) => PARAMETERS.get(name)?.(value) ?? false),
  );
}

/** Any valid offer can be accepted, whatever window it asks for: a smaller one is always allowed. */
function accept(offer: Parameters, limits: WindowLimits): Agreement {
  const accepted = ['permessage-deflate'];
  for (const name of ['server_no_context_takeover', 'client_no_context_takeover']) {
    if (limits.isShared || name in offer) accepted.push(name);
  }
  const serverBits = Math.min(limits.serverBits, bitsOf(offer['server_max_window_bits']));
  if (serverBits < MAX_BITS || 'server_max_window_bits' in offer) {
    accepted.push(`server_max_window_bits=${serverBits}`);
  }
  // May only be set for clients that offer it (RFC 7692 §7.1.2.2).
  if ('client_max_window_bits' in offer) {
    accepted.push(`client_max_window_bits=${Math.min(limits.clientBits, bitsOf(offer['client_max_window_bits']))}`);
  }
  const isShared = limits.isShared && serverBits >= SHARED_WINDOW_BITS;
  return { header: accepted.join('; '), deflation: isShared ? 'shared' : 'own' };
}

/** The largest window there is, which is meant where none is named. */
const MAX_BITS = 15;

function bitsOf([value]: readonly (string | true)[] = []): number {
  return value === undefined || value === true ? MAX_BITS : Number(value);
}
