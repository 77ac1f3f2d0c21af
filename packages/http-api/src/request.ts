import { isUtf8 } from 'node:buffer';
import type { App, AppSpace } from '@sluice/core';
import { isJsonObject, type JsonObject, parseJson, type QueryPair } from '@sluice/protocol';
import type { FastifyRequest } from 'fastify';
import { httpError } from './errors.ts';

/** What authentication found out about a request. */
export interface Authenticated {
  readonly app: App;
  readonly space: AppSpace;
  readonly query: readonly QueryPair[];
  readonly body: Buffer;
}

declare module 'fastify' {
  interface FastifyRequest {
    authenticated: Authenticated | null;
  }
}

export function authenticatedOf(request: FastifyRequest): Authenticated {
  if (request.authenticated === null) throw new Error('a route was reached without authentication');
  return request.authenticated;
}

export interface Target {
  /** As it was requested, without the path prefix of this server. */
  readonly path: string;
  /** In the order of the request; names in lower case, since signatures take them in any. */
  readonly query: readonly QueryPair[];
}

export function targetOf(url: string, pathPrefix: string): Target {
  const question = url.indexOf('?');
  const path = question === -1 ? url : url.slice(0, question);
  const query = question === -1 ? [] : parseQuery(url.slice(question + 1));
  return { path: path.slice(pathPrefix.length), query };
}

/** What URLSearchParams would change; it drops a question mark at the start. */
const NOT_PLAIN = /[%+?]/;

/** The queries of server libraries are plain, and URLSearchParams takes twice as long for them. */
function parseQuery(text: string): QueryPair[] {
  if (NOT_PLAIN.test(text))
    return Array.from(new URLSearchParams(text), ([name, value]) => [name.toLowerCase(), value]);
  const pairs: QueryPair[] = [];
  for (const part of text.split('&')) {
    const equals = part.indexOf('=');
    if (equals !== -1) pairs.push([part.slice(0, equals).toLowerCase(), part.slice(equals + 1)]);
    else if (part !== '') pairs.push([part.toLowerCase(), '']);
  }
  return pairs;
}

/** The last value of a query parameter. */
export function queryValue(query: readonly QueryPair[], name: string): string | undefined {
  for (let i = query.length - 1; i >= 0; i--) {
    const pair = query[i];
    if (pair?.[0] === name) return pair[1];
  }
  return undefined;
}

/** What says who sent a request; not among the parameters of what is asked. */
const OF_THE_SIGNATURE = new Set(['auth_key', 'auth_timestamp', 'auth_version', 'auth_signature', 'body_md5']);

/** Parameters of a POST: those of the query, where `name[]` collects a list, and over them those of the JSON body. */
export function parametersOf({ body, query }: Authenticated): JsonObject {
  const ofBody = body.length > 0 ? parseBody(body) : {};
  const ofQuery = query.filter(([name]) => !OF_THE_SIGNATURE.has(name));
  // All that most requests have is in the body.
  if (ofQuery.length === 0) return ofBody;
  const parameters: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of ofQuery) {
    if (!name.endsWith('[]')) {
      parameters[name] = value;
      continue;
    }
    const list = (parameters[name.slice(0, -2)] ??= []);
    if (Array.isArray(list)) list.push(value);
  }
  for (const [name, value] of Object.entries(ofBody)) parameters[name] = value;
  return parameters;
}

function parseBody(body: Buffer): JsonObject {
  // Decoding would put U+FFFD in place of what is not UTF-8, and subscribers would get something else than was sent.
  if (!isUtf8(body)) throw httpError('invalidBody', 'not valid UTF-8');
  const parsed = parseJson(body.toString());
  if (!parsed.ok) throw httpError('invalidBody', parsed.problem);
  if (!isJsonObject(parsed.value)) throw httpError('invalidBody', 'expected a JSON object');
  return parsed.value;
}
