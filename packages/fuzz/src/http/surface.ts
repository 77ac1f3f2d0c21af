import { APP, TcpClient, until } from '@sluice/testkit';
import fc from 'fast-check';
import { Harm } from '../harm.ts';
import { surfaceOf } from '../surface.ts';
import { assertNoServerError, takeAnswer } from './answers.ts';
import { type FuzzRequest, renderRequest, request } from './request.ts';
import { renderRough, type RoughExchange, roughExchange } from './rough.ts';

type HttpCase = { readonly clean: FuzzRequest } | { readonly rough: RoughExchange };

const LAST = 'GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/** Requests, many on one connection without waiting; and connections with bytes that are hardly requests. */
export const HTTP = surfaceOf<HttpCase>({
  name: 'http',
  title: 'HTTP requests',
  cases: fc.oneof(
    { weight: 4, arbitrary: request.map((clean) => ({ clean })) },
    { weight: 1, arbitrary: roughExchange.map((rough) => ({ rough })) },
  ),
  maxBatch: 100,
  async send(cases, { server: { port } }) {
    const clean = cases.flatMap((each) => ('clean' in each ? [each.clean] : []));
    const rough = cases.flatMap((each) => ('rough' in each ? [each.rough] : []));
    await Promise.all([pipeline(port, clean), ...rough.map((each) => playRough(port, each))]);
  },
});

/** Every request has to have an answer, in order. */
async function pipeline(port: number, requests: readonly FuzzRequest[]): Promise<void> {
  using client = await TcpClient.connect(port);
  client.write(Buffer.concat([...requests.map(renderRequest), Buffer.from(LAST)]));
  await until(`the answers to ${requests.length} requests`, () => client.ended);
  assertKeptSecret(client.received);
  let left = client.received;
  for (const { method } of [...requests, { method: 'GET' }]) left = takeAnswer(left, method);
  if (left.length > 0) throw new Harm(`more answers than requests: ${left.toString('latin1')}`);
}

async function playRough(port: number, exchange: RoughExchange): Promise<void> {
  using client = await TcpClient.connect(port);
  client.write(renderRough(exchange));
  client.end();
  await until('the end of a connection that the client has ended', () => client.ended);
  assertKeptSecret(client.received);
  assertNoServerError(client.received);
}

function assertKeptSecret(received: Buffer): void {
  if (received.includes(APP.secret)) throw new Harm(`the secret is told: ${received.toString('latin1')}`);
}
