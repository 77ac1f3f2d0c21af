/** What a request tells of where it came from, in the form of Node's. */
export interface FromAddress {
  /** The other end of the connection; without an address when it has gone. */
  readonly socket: { readonly remoteAddress?: string | undefined };
  /** In `x-forwarded-for` each proxy adds at the end whom it was asked by. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

const MAX_LENGTH = 64;

/**
 * The address that a client counts under. Of what is forwarded only the entries of the `trustHops` nearest proxies are
 * believed: the rest is written by the client itself, as it likes.
 *
 * An IPv6 address counts as its /64, since whoever has one has them all.
 */
export function clientAddress({ socket, headers }: FromAddress, trustHops: number): string {
  return normalised(forwardedEntry(headers['x-forwarded-for'], trustHops) ?? socket.remoteAddress ?? '');
}

/** What the farthest trusted proxy wrote into a list header; undefined if nothing is trusted or nothing is there. */
export function forwardedEntry(header: string | readonly string[] | undefined, trustHops: number): string | undefined {
  if (header === undefined || trustHops === 0) return undefined;
  const entries = header
    .toString()
    .split(',')
    .map((entry) => entry.trim());
  const entry = entries[Math.max(0, entries.length - trustHops)];
  return entry === '' ? undefined : entry;
}

const IPV4 = /^(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?$/;
const BRACKETS = /^\[([^\]]*)\](?::\d{1,5})?$/;

function normalised(address: string): string {
  const text = (BRACKETS.exec(address)?.[1] ?? address).toLowerCase().slice(0, MAX_LENGTH);
  const ipv4 = IPV4.exec(text)?.[1];
  if (ipv4 !== undefined) return ipv4;
  return text.includes(':') ? networkOf(text) : text;
}

/** The first 64 bits of an IPv6 address. */
function networkOf(ipv6: string): string {
  const [head = '', tail] = ipv6.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    while (groups.length + after.length < 8) groups.push('0');
    groups.push(...after);
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
