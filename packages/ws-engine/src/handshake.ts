import type { ConnectionErrorType } from '@sluice/core';
import { CLOSE, type CloseReason, MAX_PROTOCOL, MIN_PROTOCOL } from '@sluice/protocol';

export interface HandshakeRules {
  /** In front of `/app/`; empty, or with a leading and no trailing slash. */
  readonly pathPrefix: string;
  /** Take a request without `protocol` for protocol 7. */
  readonly allowMissingProtocol: boolean;
}

export interface HandshakeRefusal {
  readonly type: ConnectionErrorType;
  readonly reason: CloseReason;
}

/** `protocol`: what the client speaks, also one that is refused; it decides what a client is told about its close. */
export type Handshake = { readonly protocol: number } & (
  | { readonly key: string }
  | { readonly refusal: HandshakeRefusal }
);

/** Nothing that stands for anything else. */
const PLAIN_QUERY = /^[\w\-.=&]*$/;
const PROTOCOL = /(?:^|&)protocol(?:=([^&]*))?(?:&|$)/;
const PLAIN_INTEGER = /^\d{1,9}$/;

/** Reads `/app/{key}?protocol=7&…` of an upgrade request (Pusher protocol, "WebSocket connection"). */
export function readHandshake(url: string, rules: HandshakeRules): Handshake {
  const question = url.indexOf('?');
  const path = question === -1 ? url : url.slice(0, question);
  const version = question === -1 ? null : versionIn(url.slice(question + 1));
  const protocol = version !== null && PLAIN_INTEGER.test(version) ? Number(version) : MAX_PROTOCOL;
  const refuse = (type: ConnectionErrorType, reason: CloseReason): Handshake => ({
    protocol,
    refusal: { type, reason },
  });

  const key = keyOf(path, `${rules.pathPrefix}/app/`);
  if (key === undefined) return refuse('path_not_found', CLOSE.pathNotFound);
  if (version === null) {
    return rules.allowMissingProtocol ? { key, protocol } : refuse('protocol_version', CLOSE.noProtocol);
  }
  if (!PLAIN_INTEGER.test(version)) return refuse('protocol_version', CLOSE.invalidVersion);
  if (protocol < MIN_PROTOCOL || protocol > MAX_PROTOCOL) {
    return refuse('protocol_version', CLOSE.unsupportedProtocol);
  }
  return { key, protocol };
}

/** `null`: none. Taking a query apart costs more than all else here, and common clients encode nothing in it. */
function versionIn(query: string): string | null {
  if (!PLAIN_QUERY.test(query)) return new URLSearchParams(query).get('protocol');
  const found = PROTOCOL.exec(query);
  return found === null ? null : (found[1] ?? '');
}

function keyOf(path: string, prefix: string): string | undefined {
  if (!path.startsWith(prefix)) return undefined;
  const encoded = path.slice(prefix.length);
  if (encoded === '' || encoded.includes('/')) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
