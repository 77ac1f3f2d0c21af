import { boolean, count, listOf, oneOf, orNone, seconds } from './formats.ts';
import { setting } from './leaf.ts';
import { headerName, httpMethod, identifier, originPattern } from './text-formats.ts';

const hops = count(0, 100);

function addressLimit(what: string, { name, max, env }: { name: string; max: number; env: string }) {
  return {
    max_requests: setting(count(1), {
      doc: `${what} that one address may make in a window. An IPv6 address counts as its /64.`,
      default: max,
      env: `RATE_LIMITER_${env}_MAX_REQUESTS`,
    }),
    window_seconds: setting(seconds(1), {
      doc: 'Length of a window, in seconds; it begins with the first request.',
      default: 60,
      env: `RATE_LIMITER_${env}_WINDOW_SECONDS`,
    }),
    identifier: setting(identifier, {
      doc: 'Name of the limit. Limits with the same name count together.',
      default: name,
      env: `RATE_LIMITER_${env}_IDENTIFIER`,
    }),
    trust_hops: setting(orNone(hops), {
      doc: 'Where this limit needs another number than `trust_hops`.',
      default: null,
      env: `RATE_LIMITER_${env}_TRUST_HOPS`,
    }),
  } as const;
}

/** From where the server may be reached, and how often. */
export const ACCESS_SECTIONS = {
  trust_hops: setting(hops, {
    doc: 'Proxies in front of this server. So many entries at the end of `X-Forwarded-For` and `X-Forwarded-Proto` are believed; 0: nothing is.',
    default: 0,
    env: 'TRUST_HOPS',
  }),
  rate_limiter: {
    enabled: setting(boolean, {
      doc: 'Whether the requests of one address are limited (true in Sockudo). Backends that publish much come from few addresses: raise `api_rate_limit` first.',
      default: false,
      env: 'RATE_LIMITER_ENABLED',
    }),
    driver: setting(oneOf('memory', 'none'), {
      doc: 'Where requests are counted. `memory`: in the primary, over all workers. `none`: nowhere, which is to say not at all.',
      default: 'memory',
      env: 'RATE_LIMITER_DRIVER',
    }),
    api_rate_limit: addressLimit('Requests to the HTTP API', { name: 'api', max: 100, env: 'API' }),
    websocket_rate_limit: addressLimit('WebSocket connections', { name: 'websocket_connect', max: 20, env: 'WS' }),
  },
  cors: {
    origin: setting(listOf(originPattern), {
      doc: 'Pages whose scripts may read answers of the HTTP API and health checks: patterns as in `allowed_origins` of an app. Empty: none.',
      default: ['*'],
      env: 'CORS_ORIGINS',
    }),
    methods: setting(listOf(httpMethod), {
      doc: 'Methods that such scripts may use.',
      default: ['GET', 'POST', 'OPTIONS'],
      env: 'CORS_METHODS',
    }),
    allowed_headers: setting(listOf(headerName), {
      doc: 'Headers that they may set.',
      default: ['Authorization', 'Content-Type', 'X-Requested-With', 'Accept'],
      env: 'CORS_HEADERS',
    }),
    credentials: setting(boolean, {
      doc: 'Whether they may send cookies along (true in Sockudo; the server itself has no use for any).',
      default: false,
      env: 'CORS_CREDENTIALS',
    }),
  },
} as const;
