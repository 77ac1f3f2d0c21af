import { createServer } from 'node:net';

/** An operator's mistake that ends the program: said on standard error as it is, without a stack. */
export class StartupError extends Error {
  override readonly name = 'StartupError';
}

/** What to say about an address that cannot be listened on. `setting` is what the operator would change. */
export function listenError(error: unknown, address: { host: string; port: number; setting: string }): StartupError {
  const { host, port, setting } = address;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const where = `cannot listen on ${host}:${port}`;
  switch (code) {
    case 'EADDRINUSE':
      return new StartupError(
        `${where}: the port is in use. Stop the program that has it, or choose another (${setting}).`,
      );
    case 'EACCES':
      return new StartupError(
        `${where}: not permitted. Ports below 1024 need privileges; choose another (${setting}).`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartupError(`${where}: this machine has no such address. Choose another (${setting}).`);
    default:
      return new StartupError(`${where}: ${error instanceof Error ? error.message : String(error)} (${setting})`);
  }
}

/**
 * Makes sure that nobody listens on the address. Workers alone would not notice: where the kernel spreads connections, two
 * programs can share a port, and each would get a part of the clients.
 */
export function assertFree(host: string, port: number, setting: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => reject(listenError(error, { host, port, setting })));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  });
}
