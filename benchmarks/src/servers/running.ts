import { authorityOf, type Endpoint } from '../endpoint.ts';
import { BenchmarkFailure } from '../errors.ts';
import { isReady, type Server } from './server.ts';

/** A server that somebody else started and goes on using: nothing is known of its processes, and it is not stopped. */
export async function useRunning(endpoint: Endpoint): Promise<Server> {
  if (!(await isReady(endpoint))) {
    throw new BenchmarkFailure(`no server is ready at http://${authorityOf(endpoint)}${endpoint.pathPrefix}/ready`);
  }
  return { endpoint, pid: undefined, output: () => '', stop: () => Promise.resolve() };
}
