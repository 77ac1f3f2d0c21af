/** Where a server listens and the app that the load uses. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** In front of every path; empty or with a leading and no trailing slash. */
  readonly pathPrefix: string;
  readonly app: AppCredentials;
}

export interface AppCredentials {
  readonly id: string;
  readonly key: string;
  readonly secret: string;
}

export const DEFAULT_APP: AppCredentials = { id: 'app-id', key: 'app-key', secret: 'app-secret' };

/** Host and port as they stand in a URL and in the Host header. */
export function authorityOf({ host, port }: Endpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.startsWith('127.');
}
