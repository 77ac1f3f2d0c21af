import { createServer } from 'node:net';

/** An operator's mistake that ends the program: said on standard error as it is, without a stack. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}

export interface Address {
  readonly host: string;
  readonly port: number;
  /** What the operator would change, each as its variable and flag. */
  readonly hostSetting: string;
  readonly portSetting: string;
}

/** A host as it stands in a URL: IPv6 addresses in brackets. */
export function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** What to say about an address that cannot be listened on. `setting` is what the operator would change. */
export function listenError(error: unknown, address: Address): StartupError {
  const { host, port, portSetting, hostSetting } = address;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const where = `cannot listen on ${inUrl(host)}:${port}`;
  switch (code) {
    case 'EADDRINUSE':
      return new StartupError(
        `${where}: the port is in use. Stop the program that has it, or choose another (${portSetting}).`,
      );
    case 'EACCES':
      return new StartupError(
        `${where}: not permitted. Ports below 1024 need privileges; choose another (${portSetting}).`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartupError(`${where}: this machine has no such address. Choose another (${hostSetting}).`);
    default:
      return new StartupError(
        `${where}: ${error instanceof Error ? error.message : String(error)} (${hostSetting}, ${portSetting})`,
      );
  }
}

/**
 * Makes sure that nobody listens on the address. Workers alone would not notice: where the kernel spreads connections, two
 * programs can share a port, and each would get a part of the clients.
 */
export function assertFree(address: Address): Promise<void> {
  const { host, port } = address;
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => reject(listenError(error, address)));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  });
}
