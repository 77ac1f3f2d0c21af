import type { Endpoint } from '../target.ts';

/** The address of a path on an endpoint, for WebSocket or HTTP. */
export function urlOf(
  protocol: 'ws' | 'http',
  { host, port, secure = false, prefix = '' }: Endpoint,
  path: string,
): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `${protocol}${secure ? 's' : ''}://${name}:${port}${prefix}${path}`;
}
