import { createServer } from 'node:net';

// Below the ports that systems give to outgoing connections: such a one could be taken before a server listens on it.
const FIRST = 15_000;
const LAST = 32_000;

/** Ports that this process has given out; the servers for them may not listen yet. */
const given = new Set<number>();

/** A port on loopback that nobody has at the moment. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
