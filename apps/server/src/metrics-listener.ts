import http from 'node:http';
import type { OnError } from '@sluice/core';
import { listenError } from './ports.ts';

export interface MetricsListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly contentType: string;
  readonly onError: OnError;
  /** The whole exposition. */
  readonly render: () => Promise<string>;
}

/** Serves `/metrics` on an address of its own, which need not be open to clients. */
export async function listenForScrapes({
  host,
  port,
  contentType,
  onError,
  render,
}: MetricsListenerOptions): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    const [path] = (request.url ?? '').split('?');
    if (path !== '/metrics' || request.method !== 'GET') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Metrics are at GET /metrics.\n');
      return;
    }
    render().then(
      (text) => response.writeHead(200, { 'content-type': contentType }).end(text),
      (error: unknown) => {
        onError(error, { stage: 'metrics' });
        response
          .writeHead(500, { 'content-type': 'text/plain' })
          .end('The metrics could not be collected; the log says why.\n');
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(listenError(error, { host, port, hostSetting: 'METRICS_HOST', portSetting: 'METRICS_PORT' })),
    );
    server.listen({ host, port, exclusive: true }, resolve);
  });
  server.unref();
  return server;
}
