import { md5Hex, requestStringToSign, sign, type QueryPair } from '@sluice/protocol';

import { unixSeconds } from '../clock.ts';
import { authorityOf, type Endpoint } from '../endpoint.ts';
import type { EventContent } from './content.ts';
import { EVENT_NAME } from './stamp.ts';

/** The bytes of a signed `POST /apps/{id}/events` (REST API, "Authentication"), for a keep-alive connection. */
export function eventRequest(endpoint: Endpoint, channel: string, event: EventContent): string {
  // All of it ASCII: characters are bytes.
  const body = JSON.stringify({ name: EVENT_NAME, channel, ...event });
  const path = `/apps/${endpoint.app.id}/events`;
  const query: QueryPair[] = [
    ['auth_key', endpoint.app.key],
    ['auth_timestamp', String(unixSeconds())],
    ['auth_version', '1.0'],
    ['body_md5', md5Hex(Buffer.from(body, 'latin1'))],
  ];
  const signature = sign(endpoint.app.secret, requestStringToSign('POST', path, query));
  const parameters = [...query, ['auth_signature', signature] satisfies QueryPair];
  return [
    `POST ${endpoint.pathPrefix}${path}?${parameters.map((pair) => pair.join('=')).join('&')} HTTP/1.1`,
    `Host: ${authorityOf(endpoint)}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}
