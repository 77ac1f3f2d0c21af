import { createServer, type Server } from 'node:http';

/** An authorisation endpoint that answers every request with one status. */
export class AuthEndpoint {
  readonly #server: Server;
  requests = 0;

  private constructor(status: number) {
    this.#server = createServer((request, response) => {
      this.requests++;
      request.resume();
      response.writeHead(status, { 'content-type': 'text/plain' }).end('no');
    });
  }

  static async answering(status: number): Promise<AuthEndpoint> {
    const endpoint = new AuthEndpoint(status);
    await new Promise<void>((resolve) => endpoint.#server.listen(0, '127.0.0.1', resolve));
    return endpoint;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the endpoint does not listen');
    return `http://127.0.0.1:${address.port}/auth`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
