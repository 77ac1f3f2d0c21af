import { authorityOf, type Endpoint } from '../endpoint.ts';

/** Protocol 7, as pusher-js asks. The key is constant: nobody here checks what the server makes of it. */
export function upgradeRequest(endpoint: Endpoint): string {
  return [
    `GET ${endpoint.pathPrefix}/app/${endpoint.app.key}?protocol=7&client=bench&version=1.0&flash=false HTTP/1.1`,
    `Host: ${authorityOf(endpoint)}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: c2x1aWNlLWJlbmNoLWtleQ==',
    '\r\n',
  ].join('\r\n');
}

/** Which event a text frame is; for the few that are no benchmark messages. */
export function eventOf(text: string): string {
  const message: unknown = JSON.parse(text);
  const event = typeof message === 'object' && message !== null && 'event' in message ? message.event : undefined;
  if (typeof event !== 'string') throw new Error(`no event in ${text.slice(0, 200)}`);
  return event;
}
