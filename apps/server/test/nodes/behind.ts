import type { TestContext } from 'node:test';
import { NginxServer, type NginxServerOptions, type RawClient, type SluiceProcess } from '@sluice/testkit';
import { connect, type NodesOptions, overRedis, startNodes } from './nodes.ts';

/** What every node needs that is behind Nginx. */
export const TRUSTING = { trust_hops: 1 };
export const CHANNEL = 'news';

export async function startNginx(t: TestContext, options: NginxServerOptions): Promise<NginxServer> {
  const nginx = await NginxServer.start(options);
  t.after(() => nginx[Symbol.asyncDispose]());
  return nginx;
}

export interface Behind {
  readonly nginx: NginxServer;
  readonly nodes: readonly SluiceProcess[];
}

export type BehindOptions = NodesOptions & Omit<NginxServerOptions, 'nodes'>;

/** Nodes joined over Redis, and Nginx before them. */
export async function startBehind(
  t: TestContext,
  { site = {}, tls = false, ...options }: BehindOptions = {},
): Promise<Behind> {
  const nodes = await startNodes(t, await overRedis(t), { ...options, config: { ...TRUSTING, ...options.config } });
  return { nginx: await startNginx(t, { nodes: nodes.map(({ port }) => port), site, tls }), nodes };
}

/** Through Nginx, one after the other, so that each sees where those before it went. */
export async function connectMany(t: TestContext, nginx: NginxServer, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  while (clients.length < count) clients.push(await connect(t, nginx, [CHANNEL]));
  return clients;
}
