import http from 'node:http';
import { listenError } from './ports.ts';

export interface MetricsListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly contentType: string;
  /** The whole exposition. */
  readonly render: () => Promise<string>;
}

/** Serves `/metrics` on an address of its own, which need not be open to clients. */
export async function listenForScrapes({
  host,
  port,
  contentType,
  render,
}: MetricsListenerOptions): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    if (request.url !== '/metrics' || request.method !== 'GET') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Metrics are at GET /metrics.\n');
      return;
    }
    render().then(
      (text) => response.writeHead(200, { 'content-type': contentType }).end(text),
      () => response.writeHead(500, { 'content-type': 'text/plain' }).end('The metrics could not be collected.\n'),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, { host, port, setting: 'METRICS_PORT' })));
    server.listen({ host, port, exclusive: true }, resolve);
  });
  server.unref();
  return server;
}
