import fc from 'fast-check';
import { hostileText } from '../hostile.ts';
import { type FuzzRequest, renderRequest, request } from './request.ts';

/** Requests of one connection that are spoilt as bytes, so that any number of them may be answered. */
export interface RoughExchange {
  readonly requests: readonly FuzzRequest[];
  readonly damage: readonly Damage[];
}

/** A change to the bytes: from a place on, some are left out and others put in. */
export interface Damage {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

/** Lines that change what a request is, and pieces that break one. */
const INSERTS = [
  '\r\n',
  '\n',
  '\r\n\r\n',
  ' ',
  '\0',
  ':',
  '\r\nContent-Length: 5\r\n',
  '\r\nContent-Length: -1\r\n',
  '\r\nContent-Length: 99999999999999999999\r\n',
  '\r\nTransfer-Encoding: chunked\r\n',
  '\r\nTransfer-Encoding: gzip, chunked\r\n',
  '\r\nConnection: close\r\n',
  '\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n',
  '\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n',
  '\r\nExpect: 100-continue\r\n',
  '\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
  'HTTP/1.0',
  'CONNECT x:1 HTTP/1.1\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\r\nffffffffffffffff\r\n',
];

const damage: fc.Arbitrary<Damage> = fc.record({
  at: fc.nat({ max: 600 }),
  remove: fc.oneof(fc.nat({ max: 6 }), fc.nat({ max: 400 })),
  insert: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...INSERTS) },
    { weight: 1, arbitrary: hostileText },
    { weight: 1, arbitrary: fc.constant('x'.repeat(20_000)) },
  ),
});

export const roughExchange: fc.Arbitrary<RoughExchange> = fc.record({
  requests: fc.array(request, { minLength: 1, maxLength: 3 }),
  damage: fc.array(damage, { minLength: 1, maxLength: 3 }),
});

export function renderRough({ requests, damage: some }: RoughExchange): Buffer {
  return some.reduce(
    (bytes, { at, remove, insert }) => {
      const start = at % (bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, start), Buffer.from(insert), bytes.subarray(start + remove)]);
    },
    Buffer.concat(requests.map(renderRequest)),
  );
}
