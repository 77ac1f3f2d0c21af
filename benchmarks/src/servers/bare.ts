import { fileURLToPath } from 'node:url';

import { DEFAULT_APP } from '../endpoint.ts';
import { freePort, startProgram, type Server, type StartOptions } from './server.ts';

const PROGRAM = fileURLToPath(new URL('bare-server.ts', import.meta.url));
const HOST = '127.0.0.1';

/** The program to compare with, always one process. */
export async function startBare(options: StartOptions): Promise<Server> {
  const port = await freePort(HOST);
  return startProgram({
    ...options,
    args: ['--disable-warning=ExperimentalWarning', PROGRAM],
    cwd: process.cwd(),
    env: { PATH: process.env['PATH'], HOST, PORT: String(port) },
    endpoint: { host: HOST, port, pathPrefix: '', app: DEFAULT_APP },
  });
}
