import { md5Hex, type QueryPair, requestStringToSign, sign } from '@sluice/protocol';
import { APP } from '@sluice/testkit';
import fc from 'fast-check';
import {
  applyCuts,
  cuts,
  field,
  flag,
  hostileJson,
  hostileText,
  membersOf,
  objectText,
  rarely,
  strangeMembers,
} from '../hostile.ts';
import { channelName, publishedName, socketId, userId } from '../names.ts';

/** A request that Node's own HTTP parser takes; what is in it may be anything. */
export interface FuzzRequest {
  readonly method: string;
  /** Encoded. */
  readonly path: string;
  /** Decoded. */
  readonly query: readonly QueryPair[];
  readonly signing: 'right' | 'wrong' | 'none' | 'late' | 'for another method' | 'without digest';
  readonly body: string;
  readonly isChunked: boolean;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

const PREFIX = `/apps/${APP.id}`;

function json(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return text.map((value) => JSON.stringify(value));
}

/** So that the head of a request stays below what Node takes; longer ones are among the rough. */
const MAX_IN_TARGET = 200;

function encoded(name: string): string {
  return encodeURIComponent(wellFormed(name));
}

const list = (items: fc.Arbitrary<string>): fc.Arbitrary<string> => {
  return fc.array(items, { maxLength: 4 }).map((values) => `[${values.join()}]`);
};

const eventFields = {
  name: field(json(publishedName)),
  channel: field(json(channelName)),
  data: field(hostileJson),
  socket_id: rarely(json(socketId)),
  info: rarely(json(fc.oneof(fc.constantFrom('user_count', 'subscription_count,user_count', ','), hostileText))),
};

const event = fc
  .record({ ...eventFields, channels: rarely(list(json(channelName))) })
  .chain((fields) => strangeMembers.map((strange) => objectText([...membersOf(fields), ...strange])));

const batchEvent = fc.record(eventFields).map((fields) => objectText(membersOf(fields)));
const batch = fc.record({ batch: field(list(batchEvent)) }).map((fields) => objectText(membersOf(fields)));

/** A body for either route; the other one's, or none at all, is what a few requests have. */
const body = fc
  .record({ event, batch, other: rarely(fc.oneof(event, batch, hostileJson)), cuts })
  .map(({ other, cuts: some, ...right }) => ({
    event: applyCuts(other ?? right.event, some),
    batch: applyCuts(other ?? right.batch, some),
  }));

interface Route {
  readonly method: string;
  readonly path: string;
}

const post = (path: string): Route => ({ method: 'POST', path });
const get = (path: string): Route => ({ method: 'GET', path });

const route: fc.Arbitrary<Route> = fc.oneof(
  { weight: 8, arbitrary: fc.constant(post(`${PREFIX}/events`)) },
  { weight: 4, arbitrary: fc.constant(post(`${PREFIX}/batch_events`)) },
  { weight: 2, arbitrary: channelName.map((name) => post(`${PREFIX}/channels/${encoded(name)}/events`)) },
  { weight: 2, arbitrary: userId.map((id) => post(`${PREFIX}/users/${encoded(id)}/terminate_connections`)) },
  { weight: 2, arbitrary: fc.constant(get(`${PREFIX}/channels`)) },
  { weight: 2, arbitrary: channelName.map((name) => get(`${PREFIX}/channels/${encoded(name)}`)) },
  { weight: 2, arbitrary: channelName.map((name) => get(`${PREFIX}/channels/${encoded(name)}/users`)) },
  { weight: 1, arbitrary: channelName.map((name) => get(`${PREFIX}/channels/${encoded(name)}/stats`)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('/', '/up', '/live', '/ready', '/usage', `/up/${APP.id}`, '/metrics').map(get),
  },
  { weight: 1, arbitrary: hostileText.map((name) => get(`/up/${encoded(name)}`)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('//', '/%zz', '/apps', `/apps//events`, `${PREFIX}/channels/%E0%A4%A`, '/apps/%00/channels')
      .map(get),
  },
);

const queryPair: fc.Arbitrary<QueryPair> = fc.oneof(
  fc.tuple(
    fc.constantFrom('info', 'filter_by_prefix', 'name', 'data', 'channel', 'channels[]', 'socket_id', 'batch', 'INFO'),
    fc.oneof(fc.constantFrom('user_count', 'subscription_count', 'cache', 'presence-', 'e'), channelName, hostileText),
  ),
  fc.tuple(hostileText, hostileText),
);

const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND', 'QUERY'];

const HEADERS: readonly (readonly [string, string])[] = [
  ['Content-Type', 'application/json'],
  ['Content-Type', 'text/plain; charset=utf-16'],
  ['Content-Type', 'multipart/form-data; boundary='],
  ['Content-Type', ';;;'],
  ['Content-Encoding', 'gzip'],
  ['Accept', '*/*;q=x'],
  ['Cookie', '__proto__=1; ='],
  ['X-Forwarded-For', '1.2.3.4, ::1, nonsense'],
  ['X-Forwarded-Proto', 'https'],
  ['Origin', 'null'],
  ['Access-Control-Request-Method', 'POST'],
  ['If-None-Match', '*'],
  ['Range', 'bytes=0-1'],
];

export const request: fc.Arbitrary<FuzzRequest> = fc
  .record({
    route,
    method: rarely(fc.constantFrom(...METHODS)),
    query: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(queryPair, { maxLength: 4 }) },
    ),
    signing: fc.oneof(
      { weight: 10, arbitrary: fc.constant('right' as const) },
      {
        weight: 2,
        arbitrary: fc.constantFrom(
          'wrong' as const,
          'none' as const,
          'late' as const,
          'for another method' as const,
          'without digest' as const,
        ),
      },
    ),
    body,
    isChunked: flag(5),
    headers: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.subarray([...HEADERS], { maxLength: 3 }) },
    ),
  })
  .map(({ route: { method: usual, path }, method = usual, body: texts, ...rest }) => {
    const text = path.endsWith('/batch_events') ? texts.batch : texts.event;
    return { ...rest, method, path, body: usual === 'POST' ? text : '' };
  });

const DAY_SECONDS = 86_400;

/** The bytes of a request, signed when they are made. */
export function renderRequest(each: FuzzRequest): Buffer {
  const bytes = Buffer.from(each.body);
  const lines = [
    `${each.method} ${targetOf(each, bytes)} HTTP/1.1`,
    'Host: x',
    ...each.headers.map(([name, value]) => `${name}: ${value}`),
    ...(bytes.length === 0 ? [] : [each.isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes.length}`]),
  ];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  return Buffer.concat([head, each.isChunked && bytes.length > 0 ? chunksOf(bytes) : bytes]);
}

function targetOf({ method, path, query, signing }: FuzzRequest, body: Buffer): string {
  const seconds = Math.floor(Date.now() / 1000) - (signing === 'late' ? DAY_SECONDS : 0);
  const digest: readonly QueryPair[] =
    body.length === 0 || signing === 'without digest' ? [] : [['body_md5', md5Hex(body)]];
  // A lone surrogate has no bytes, and what arrives in its place is what has to be signed.
  const known = query.map(([name, value]): QueryPair => [wellFormed(name), wellFormed(value)]);
  const auth: readonly QueryPair[] = [
    ['auth_key', APP.key],
    ['auth_timestamp', String(seconds)],
    ['auth_version', '1.0'],
    ...digest,
  ];
  const signed = signing === 'none' ? known : [...known, ...auth];
  const text = requestStringToSign(signing === 'for another method' ? 'DELETE' : method, path, signed);
  const signature = sign(signing === 'wrong' ? 'not the secret' : APP.secret, text);
  const pairs: readonly QueryPair[] = signing === 'none' ? signed : [...signed, ['auth_signature', signature]];
  const search = pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
  return search === '' ? path : `${path}?${search}`;
}

function wellFormed(text: string): string {
  return text.slice(0, MAX_IN_TARGET).toWellFormed();
}

/** Three of them. */
function chunksOf(bytes: Buffer): Buffer {
  const [first, second] = [Math.ceil(bytes.length / 3), Math.ceil((2 * bytes.length) / 3)];
  const parts = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
  const chunks = parts
    .filter(({ length }) => length > 0)
    .map((part) => Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]));
  return Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')]);
}
