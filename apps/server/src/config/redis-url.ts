import type { Report } from './problem.ts';

/** Says in one text where Redis is, as hosters give it; goes before the variables that say so one by one. */
export const REDIS_URL_VARIABLE = 'REDIS_URL';

const EXPECTED = 'a URL such as redis://user:password@host:6379/0, or rediss:// for TLS';

/** What the variables of `database.redis` would say; empty, and reported, where the text is no such URL. */
export function redisUrlVariables(text: string, report: Report): ReadonlyMap<string, string> {
  const parts = partsOf(text);
  if (parts === undefined) {
    // Not what was found: there may be a password in it.
    report.problems.push({
      path: '',
      source: REDIS_URL_VARIABLE,
      found: 'a text that is not shown',
      expected: EXPECTED,
    });
    return new Map();
  }
  return new Map(Object.entries(parts).filter(([, value]) => value !== ''));
}

function partsOf(text: string): Readonly<Record<string, string>> | undefined {
  try {
    const { protocol, hostname, port, pathname, username, password } = new URL(text);
    const db = pathname.slice(1);
    if (!/^rediss?:$/.test(protocol) || hostname === '' || !/^\d*$/.test(db)) return undefined;
    return {
      DATABASE_REDIS_HOST: hostname.replace(/^\[(.*)\]$/, '$1'),
      DATABASE_REDIS_PORT: port === '' ? '6379' : port,
      DATABASE_REDIS_TLS: String(protocol === 'rediss:'),
      DATABASE_REDIS_USERNAME: decodeURIComponent(username),
      DATABASE_REDIS_PASSWORD: decodeURIComponent(password),
      DATABASE_REDIS_DB: db,
    };
  } catch {
    // No URL, or what is encoded in it is no text.
    return undefined;
  }
}
