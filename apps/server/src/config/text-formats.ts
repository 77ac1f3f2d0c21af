import { isIP, isIPv4 } from 'node:net';
import { type Format, listOf, oneOf } from './formats.ts';
import { isRecord } from './problem.ts';

interface TextRule {
  readonly expected: string;
  readonly accepts: (text: string) => boolean;
}

function textThat({ expected, accepts }: TextRule): Format<string> {
  return {
    expected,
    coerce: (raw) => raw.trim(),
    validate: (value): value is string => typeof value === 'string' && accepts(value),
  };
}

const HOST_LABELS = /^(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$/i;
// A name that ends in a number is an IPv4 address in the eyes of resolvers, and a mistyped one.
const NUMERIC_END = /(?:^|\.)(?:0x[0-9a-f]*|\d+)$/i;

export const host = textThat({
  expected: 'an IP address or a host name, without port',
  accepts: (name) => isIP(name) !== 0 || (name.length <= 253 && HOST_LABELS.test(name) && !NUMERIC_END.test(name)),
});

/** `localhost` and what is never reachable from another machine. */
export function isLoopback(name: string): boolean {
  if (isIPv4(name)) return name.startsWith('127.');
  return /^(?:::1|::ffff:127(?:\.\d+){3}|(?:.+\.)?localhost)$/i.test(name);
}

/** `host:port`, with the scheme or without; another scheme would promise what is set elsewhere, such as TLS. */
function addressWith(scheme: string): Format<string> {
  return textThat({
    expected: `host:port, such as 10.0.0.5:6000 or ${scheme}://host.example.com:6000`,
    accepts: (value) => {
      const [, host = '', port] = HOST_AND_PORT.exec(value.replace(`${scheme}://`, '')) ?? [];
      return host !== '' && Number(port) >= 1 && Number(port) <= 65_535;
    },
  });
}

const HOST_AND_PORT = /^([a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\]):(\d{1,5})$/i;

const redisAddress = addressWith('redis');
export const natsAddress = addressWith('nats');

/** A text that is a {@link redisAddress}, or in a file a section of the two, as Sockudo's files have it. */
export type AddressItem = string | { readonly host: string; readonly port: number };

export const redisAddresses: Format<readonly AddressItem[]> = {
  ...listOf(redisAddress),
  expected: `a list (in text parted by commas), each item ${redisAddress.expected}, or in a file a section of host and port`,
  validate: (value): value is readonly AddressItem[] => Array.isArray(value) && value.every(isAddressItem),
};

function isAddressItem(item: unknown): item is AddressItem {
  if (!isRecord(item)) return redisAddress.validate(item);
  const { host: name, port, ...others } = item;
  const hasPort = typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535;
  return host.validate(name) && hasPort && Object.keys(others).length === 0;
}

export const keyPrefix = textThat({
  expected: 'a text of up to 128 letters, digits and : . _ - { }',
  accepts: (value) => /^[\w:.{}-]{0,128}$/.test(value),
});

/** No token of a NATS subject is empty. */
export const subjectPrefix = textThat({
  expected: 'a text of up to 128 letters, digits and : _ - { }, in parts that are ended by single dots',
  accepts: (value) => value.length <= 128 && /^(?:[\w:{}-]+\.)*[\w:{}-]*$/.test(value),
});

/** Values have a leading and no trailing slash; `/` alone means none. */
export const pathPrefix: Format<string> = {
  expected: 'a path such as / or /realtime, of letters, digits and - . _ ~',
  coerce: (raw) => `/${raw.trim().replace(/^\/|\/$/g, '')}`,
  validate: (value): value is string =>
    typeof value === 'string' && value.split('/').every((part) => !/^\.{1,2}$/.test(part)) && isPath(value),
};

function isPath(value: string): boolean {
  return value === '/' || /^(?:\/[\w.~-]+)+$/.test(value);
}

export const metricPrefix = textThat({
  expected: 'letters, digits and _, not beginning with a digit',
  accepts: (value) => /^(?:[a-z_]\w{0,63})?$/i.test(value),
});

/** Names that become a part of a URL: ids and keys of apps. */
export const identifier = textThat({
  expected: 'a text of 1 to 128 characters without spaces and without / ? # % (a number has to be in quotes)',
  accepts: (value) => /^[^\s/?#%\p{C}]{1,128}$/u.test(value),
});

export const processId = textThat({
  expected: 'a text of up to 128 characters without spaces',
  accepts: (value) => /^[^\s\p{C}]{0,128}$/u.test(value),
});

export const fileName = textThat({
  expected: 'the name of a file',
  accepts: (value) => /^[^\p{Cc}]{0,4096}$/u.test(value),
});

export const secretOrNone = textThat({
  expected: 'a text of up to 512 characters',
  accepts: (value) => /^[^\p{Cc}]{0,512}$/u.test(value),
});

export const secret = textThat({
  expected: 'a text of 1 to 512 characters (a number has to be in quotes)',
  accepts: (value) => /^[^\p{Cc}]{1,512}$/u.test(value),
});

/** As core's `allowsOrigin` takes it. */
export const originPattern = textThat({
  expected:
    'an origin such as https://app.example.com, *.example.com or http://localhost:* (no path, at most one *), or * for all',
  accepts: (value) => ORIGIN_PATTERN.test(value) && value.length <= 300 && value.split('*').length <= 2,
});

const ORIGIN_PATTERN = /^(?:any|null|(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[\w*.-]+|\[[0-9a-f:.]+\])(?::(?:\d{1,5}|\*))?)$/i;

const TOKEN = /^[\w!#$%&'*+.^`|~-]{1,100}$/;

export const headerName = textThat({ expected: 'the name of an HTTP header', accepts: (value) => TOKEN.test(value) });

export const httpMethod: Format<string> = {
  ...oneOf('GET', 'POST', 'OPTIONS', 'HEAD', 'PUT', 'PATCH', 'DELETE'),
  coerce: (raw) => raw.trim().toUpperCase(),
};
