import { fileURLToPath } from 'node:url';

import { DEFAULT_APP } from '../endpoint.ts';
import { freePort, HOST, startProgram, type Server, type StartOptions } from './server.ts';

const PROGRAM = fileURLToPath(new URL('bare-server.ts', import.meta.url));

/** The program to compare with, always one process. */
export async function startBare(options: StartOptions): Promise<Server> {
  const port = options.port ?? (await freePort());
  return startProgram({
    ...options,
    args: ['--disable-warning=ExperimentalWarning', PROGRAM],
    cwd: process.cwd(),
    env: { PATH: process.env['PATH'], HOST, PORT: String(port) },
    endpoint: { host: HOST, port, pathPrefix: '', app: DEFAULT_APP },
  });
}
