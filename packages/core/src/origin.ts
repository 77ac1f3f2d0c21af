/**
 * Whether a page of this origin may connect. An empty list lets everybody in, and so does `*` or `any` in it.
 *
 * Other patterns are `[scheme://]host[:port]` in any case, and a `*` in one stands for any part of a host or port.
 * Without a scheme any will do. `*.example.com` is `example.com` too. A client without an origin, as those that are
 * no browsers are, matches no pattern.
 */
export function allowsOrigin(patterns: readonly string[], origin: string | undefined): boolean {
  if (patterns.length === 0) return true;
  const asked = origin?.toLowerCase();
  return patterns.some((pattern) => matches(pattern.toLowerCase(), asked));
}

/** What a `*` may stand for. Not `/`, so that it never takes in a scheme and half of another host. */
const WILD = /^[\w.:-]*$/;

function matches(pattern: string, origin: string | undefined): boolean {
  if (pattern === '*' || pattern === 'any') return true;
  if (origin === undefined) return false;
  const text = pattern.includes('://') ? origin : origin.replace(/^[a-z][a-z0-9+.-]*:\/\//, '');
  if (pattern.startsWith('*.') && text === pattern.slice(2)) return true;
  const star = pattern.indexOf('*');
  if (star === -1) return text === pattern;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return (
    text.length >= before.length + after.length &&
    text.startsWith(before) &&
    text.endsWith(after) &&
    WILD.test(text.slice(before.length, text.length - after.length))
  );
}
