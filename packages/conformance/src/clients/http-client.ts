import assert from 'node:assert/strict';
import { type Agent, type IncomingHttpHeaders, request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AppCredentials, Endpoint } from '../target.ts';
import type { Transcript } from '../transcript.ts';
import { urlOf } from './endpoint-url.ts';
import { objectOf } from './frames.ts';
import { hmac, md5, type Pair, requestText } from './signature.ts';

/** A request, and how its signature departs from the rules. `null` leaves a parameter out. */
export interface ApiRequest {
  readonly method?: string;
  /** After `/apps/{id}`, encoded as it should stand on the wire. */
  readonly path: string;
  /** Further parameters of the query, decoded. */
  readonly query?: readonly Pair[];
  /** JSON unless it is text or bytes already. */
  readonly body?: unknown;
  readonly auth?: AuthChanges;
}

export interface AuthChanges {
  readonly key?: string | null;
  readonly secret?: string;
  readonly timestamp?: string | null;
  readonly version?: string | null;
  readonly bodyMd5?: string | null;
  readonly signature?: (right: string) => string;
  /** What is signed in place of the method and the path that are sent. */
  readonly signedMethod?: string;
  readonly signedPath?: string;
  /** Added to the query after it was signed. */
  readonly unsigned?: readonly Pair[];
  /** How the signed query is written on the wire. */
  readonly write?: (query: readonly Pair[]) => string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface EventBody {
  readonly name: string;
  readonly data: unknown;
  readonly channel?: string;
  readonly channels?: readonly string[];
  readonly socket_id?: string;
  readonly info?: string;
}

export interface HttpClientOptions {
  readonly endpoint: Endpoint;
  readonly app: AppCredentials;
  readonly transcript: Transcript;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Without one each request has a connection of its own, so that all processes of the server get some. */
  readonly agent?: Agent;
}

/** A publisher without a library: signs by its own account of the rules, and wrongly where a row says so. */
export class HttpClient {
  readonly #options: HttpClientOptions;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /** Publishes, which has to be accepted. */
  async publish(event: EventBody): Promise<Answer> {
    const answer = await this.post('/events', event);
    expectStatus(answer, 200);
    return answer;
  }

  post(path: string, body: unknown, auth: AuthChanges = {}): Promise<Answer> {
    return this.send({ method: 'POST', path, body, auth });
  }

  get(path: string, query: Readonly<Record<string, string>> = {}, auth: AuthChanges = {}): Promise<Answer> {
    return this.send({ path, query: Object.entries(query), auth });
  }

  /** A GET that has to be answered with JSON. */
  async read(path: string, query: Readonly<Record<string, string>> = {}): Promise<Readonly<Record<string, unknown>>> {
    return jsonOf(await this.get(path, query));
  }

  /** The occupied channels whose names begin with a prefix. */
  async channels(prefix: string): Promise<readonly string[]> {
    const { channels } = await this.read('/channels', { filter_by_prefix: prefix });
    return Object.keys(objectOf(channels, 'channels')).sort();
  }

  send(request: ApiRequest): Promise<Answer> {
    const { method = 'GET', path } = request;
    const body = bytesOf(request.body);
    const target = `/apps/${this.#options.app.id}${path}`;
    return this.raw(method, `${target}?${this.#signedQuery(request, target, body)}`, body);
  }

  /** Sends a request as it is. */
  raw(method: string, target: string, body: Buffer = Buffer.alloc(0)): Promise<Answer> {
    const { endpoint, agent, transcript, headers } = this.#options;
    const url = urlOf('http', endpoint, '');
    transcript.add('http', `→ ${method} ${target} ${body.toString()}`);
    const options: RequestOptions = {
      method,
      // Given apart from the address, which would be normalised.
      path: `${endpoint.prefix ?? ''}${target}`,
      agent: agent ?? false,
      headers: {
        ...headers,
        ...(body.length > 0 ? { 'content-type': 'application/json', 'content-length': body.length } : {}),
      },
    };
    const open = endpoint.secure === true ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const request = open(url, options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const status = response.statusCode ?? 0;
          transcript.add('http', `← ${status} ${text}`);
          resolve({ status, headers: response.headers, text });
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  #signedQuery({ method = 'GET', query = [], auth = {} }: ApiRequest, target: string, body: Buffer): string {
    const { app } = this.#options;
    const parameters: readonly (readonly [string, string | null])[] = [
      ...query,
      ['auth_key', auth.key === undefined ? app.key : auth.key],
      ['auth_timestamp', auth.timestamp === undefined ? String(nowSeconds()) : auth.timestamp],
      ['auth_version', auth.version === undefined ? '1.0' : auth.version],
      ['body_md5', auth.bodyMd5 === undefined ? (body.length > 0 ? md5(body) : null) : auth.bodyMd5],
    ];
    const signed = parameters.filter((pair): pair is Pair => pair[1] !== null);
    const text = requestText(auth.signedMethod ?? method, auth.signedPath ?? target, signed);
    const right = hmac(auth.secret ?? app.secret, text);
    const signature = auth.signature === undefined ? right : auth.signature(right);
    const write = auth.write ?? writeQuery;
    return write([...signed, ['auth_signature', signature], ...(auth.unsigned ?? [])]);
  }
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Percent-encodes everything but letters, digits and `- _ . ! ~ * ' ( )`. */
export function writeQuery(query: readonly Pair[]): string {
  return query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
}

/** Writes names and values as they are, as several libraries do. */
export function writeRawQuery(query: readonly Pair[]): string {
  return query.map(([name, value]) => `${name}=${value}`).join('&');
}

export function expectStatus(answer: Answer, status: number): void {
  assert.equal(answer.status, status, `expected ${status}, but got ${answer.status} ${answer.text}`);
}

/** A refusal in plain text; a string has to be the whole body but its newline, a pattern is searched for. */
export function expectRefusal(answer: Answer, status: number, message: string | RegExp): void {
  expectStatus(answer, status);
  if (typeof message === 'string') assert.equal(answer.text, `${message}\n`);
  else assert.match(answer.text, message);
}

/** The object of an answer that has to be 200 and JSON. */
export function jsonOf(answer: Answer): Readonly<Record<string, unknown>> {
  expectStatus(answer, 200);
  assert.match(answer.headers['content-type'] ?? '', /^application\/json\b/);
  return objectOf(JSON.parse(answer.text), 'the answer');
}

function bytesOf(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
