// HOT: once per connection.
import { type IncomingHttpHeaders, type IncomingMessage, maxHeaderSize } from 'node:http';

/** What of a request an upgrade needs; Node's own is one. */
export type UpgradeRequest = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'socket'>;

export interface UpgradeHead {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** What came behind the request. */
  readonly rest: Buffer;
}

/** Of what Node takes only the plainest: paths as RFC 3986 has them, names without rare signs, values in ASCII and not empty. */
const PLAIN_HEAD = /^GET \/[\w\-.~!$&'()*+,;=:@/?%]* HTTP\/1\.1\r\n(?:[A-Za-z0-9-]+: [!-~](?:[ -~]*[!-~])?\r\n)+$/;
const UPGRADES = /^(?:keep-alive, ?)?upgrade$/i;
const WEBSOCKET = /^websocket$/i;

const END = '\r\n\r\n';
const URL_AT = 'GET '.length;
const LETTER_G = 0x47;

/**
 * Reads a request for a WebSocket that has come whole and is well-formed beyond doubt. Anything else is `undefined`, which says
 * nothing about it: Node's parser is to read it. So nothing is taken here that Node would refuse, or would read in another way.
 */
export function readUpgradeHead(chunk: Buffer): UpgradeHead | undefined {
  if (chunk[0] !== LETTER_G) return undefined;
  const end = chunk.indexOf(END);
  if (end === -1 || end + END.length >= maxHeaderSize) return undefined;
  const text = chunk.toString('latin1', 0, end + 2);
  if (!PLAIN_HEAD.test(text)) return undefined;
  const headers = headersOf(text);
  if (headers === undefined || !isPlainUpgrade(headers)) return undefined;
  return { url: text.slice(URL_AT, text.indexOf(' ', URL_AT)), headers, rest: chunk.subarray(end + END.length) };
}

/** `undefined` where a name comes twice. */
function headersOf(text: string): IncomingHttpHeaders | undefined {
  const headers: IncomingHttpHeaders = {};
  let at = text.indexOf('\r\n') + 2;
  while (at < text.length) {
    const colon = text.indexOf(':', at);
    const lineEnd = text.indexOf('\r\n', colon);
    const name = text.slice(at, colon).toLowerCase();
    if (headers[name] !== undefined) return undefined;
    headers[name] = text.slice(colon + 2, lineEnd);
    at = lineEnd + 2;
  }
  return headers;
}

/** Without a body, and without the one header that Node makes a list of. */
function isPlainUpgrade(headers: IncomingHttpHeaders): boolean {
  return (
    headers.host !== undefined &&
    WEBSOCKET.test(headers.upgrade ?? '') &&
    UPGRADES.test(headers.connection ?? '') &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    headers['set-cookie'] === undefined
  );
}
