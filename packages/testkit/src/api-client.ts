import { Agent, request as httpRequest } from 'node:http';
import { md5Hex, type QueryPair, requestStringToSign, sign } from '@sluice/protocol';
import { APP, type AppFixture } from './app-fixture.ts';

export interface ApiRequest {
  readonly method?: string;
  /** After `/apps/{id}`, such as `/events`; encoded as it should stand on the wire. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** JSON unless it is a string or bytes already. */
  readonly body?: unknown;
  /** Changes to the signed query just before it is sent; a value of undefined leaves the parameter out. */
  readonly override?: Readonly<Record<string, string | undefined>>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Parsed on demand; throws for an answer that is no JSON. */
  json(): unknown;
}

export interface ApiClientOptions {
  /** Of this machine, to come from: 127.0.0.0/8 has many. */
  readonly localAddress?: string;
  /** Whether connections are used again. */
  readonly keepAlive?: boolean;
}

/** A publisher without a library: signs like Pusher's, and can be told to sign wrongly. */
export class ApiClient implements Disposable {
  readonly #port: number;
  readonly #app: AppFixture;
  readonly #agent: Agent;

  constructor(port: number, app: AppFixture = APP, { localAddress, keepAlive = true }: ApiClientOptions = {}) {
    this.#port = port;
    this.#app = app;
    this.#agent = new Agent({ keepAlive, ...(localAddress === undefined ? {} : { localAddress }) });
  }

  async trigger(channel: string, event: string, data: unknown): Promise<ApiAnswer> {
    return this.send({ method: 'POST', path: '/events', body: { name: event, channel, data } });
  }

  async get(path: string, query: Readonly<Record<string, string>> = {}): Promise<ApiAnswer> {
    return this.send({ path, query });
  }

  async send(request: ApiRequest): Promise<ApiAnswer> {
    const { method = 'GET', body } = request;
    return this.raw(method, this.target(request), body === undefined ? undefined : toBytes(body));
  }

  /** Path and query of a request, signed. */
  target({ method = 'GET', path, query = {}, body, override = {} }: ApiRequest): string {
    const bytes = body === undefined ? Buffer.alloc(0) : toBytes(body);
    const fullPath = `/apps/${this.#app.id}${path}`;
    const pairs: QueryPair[] = Object.entries({
      ...query,
      auth_key: this.#app.key,
      auth_timestamp: String(Math.floor(Date.now() / 1000)),
      auth_version: '1.0',
      ...(bytes.length > 0 ? { body_md5: md5Hex(bytes) } : {}),
    });
    const signature = sign(this.#app.secret, requestStringToSign(method, fullPath, pairs));
    const sent = new Map<string, string | undefined>([
      ...pairs,
      ['auth_signature', signature],
      ...Object.entries(override),
    ]);
    const search = [...sent].flatMap(([k, v]) => (v === undefined ? [] : [`${k}=${encodeURIComponent(v)}`])).join('&');
    return `${fullPath}?${search}`;
  }

  /** Sends a request as it is, unsigned. */
  raw(method: string, target: string, body: Buffer = Buffer.alloc(0)): Promise<ApiAnswer> {
    return new Promise((resolve, reject) => {
      const headers = body.length > 0 ? { 'content-type': 'application/json', 'content-length': body.length } : {};
      const options = { host: '127.0.0.1', port: this.#port, method, path: target, headers, agent: this.#agent };
      const request = httpRequest(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const json = (): unknown => JSON.parse(text);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
        });
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

function toBytes(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
