import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type Pusher from 'pusher';
import { nameOf } from './support.ts';

export interface Page {
  readonly type: 'text/html' | 'text/javascript';
  readonly content: string;
}

/** Nobody may have a channel with this in its name. */
export const FORBIDDEN = 'forbidden';

/**
 * An application's own server: the two endpoints that clients ask, and pages. A bearer token is the id of the user
 * it stands for.
 */
export class Backend implements AsyncDisposable {
  /** Who asked for what, in order. */
  readonly asked: string[] = [];
  readonly #publisher: Pusher;
  readonly #pages: Readonly<Record<string, Page>>;
  readonly #server: Server;

  private constructor(publisher: Pusher, pages: Readonly<Record<string, Page>>) {
    this.#publisher = publisher;
    this.#pages = pages;
    this.#server = createServer((request, response) => {
      void this.#answer(request, response);
    });
  }

  static async listen(publisher: Pusher, pages: Readonly<Record<string, Page>> = {}): Promise<Backend> {
    const backend = new Backend(publisher, pages);
    await new Promise<void>((resolve, reject) => {
      backend.#server.once('error', reject);
      backend.#server.listen(0, '127.0.0.1', resolve);
    });
    return backend;
  }

  url(path: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ''] = (request.url ?? '').split('?');
    const page = this.#pages[path];
    if (page !== undefined) {
      response.writeHead(200, { 'content-type': `${page.type}; charset=utf-8` }).end(page.content);
      return;
    }
    const userId = /^Bearer (\w+)$/.exec(request.headers.authorization ?? '')?.[1];
    const form = new URLSearchParams(await text(request));
    const body = this.#permit(path, form, userId);
    if (body === undefined) response.writeHead(403).end('no');
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  #permit(path: string, form: URLSearchParams, userId: string | undefined): object | undefined {
    const channel = form.get('channel_name');
    const socketId = form.get('socket_id');
    if (userId === undefined || socketId === null) return undefined;
    this.asked.push(`${userId}: ${channel ?? path}`);
    const user_info = { name: nameOf(userId) };
    if (path === '/broadcasting/user-auth')
      return this.#publisher.authenticateUser(socketId, { id: userId, user_info });
    if (path !== '/broadcasting/auth' || channel === null || channel.includes(FORBIDDEN)) return undefined;
    const member = channel.startsWith('presence-') ? { user_id: userId, user_info } : undefined;
    return this.#publisher.authorizeChannel(socketId, channel, member);
  }
}
