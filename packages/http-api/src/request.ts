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

/** Raw bytes of the body; empty without one. Bodies are digested and parsed by us, never by fastify. */
export function bodyOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

/** Path and query as they were requested, without the path prefix of this server. */
export function targetOf(url: string, pathPrefix: string): { readonly path: string; readonly query: QueryPair[] } {
  const question = url.indexOf('?');
  const path = question === -1 ? url : url.slice(0, question);
  const query = question === -1 ? [] : [...new URLSearchParams(url.slice(question + 1))];
  return { path: path.slice(pathPrefix.length), query };
}

/** The last value of a query parameter. */
export function queryValue(query: readonly QueryPair[], name: string): string | undefined {
  return query.findLast(([key]) => key === name)?.[1];
}

/** Parameters of a POST: those of the JSON body, else of the query, where `name[]` collects a list. */
export function parametersOf({ body, query }: Authenticated): JsonObject {
  if (body.length > 0) return parseBody(body);
  const parameters: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of query) {
    if (!name.endsWith('[]')) {
      parameters[name] = value;
      continue;
    }
    const list = (parameters[name.slice(0, -2)] ??= []);
    if (Array.isArray(list)) list.push(value);
  }
  return parameters;
}

function parseBody(body: Buffer): JsonObject {
  const parsed = parseJson(body.toString());
  if (!parsed.ok) throw httpError('invalidBody', parsed.problem);
  if (!isJsonObject(parsed.value)) throw httpError('invalidBody', 'expected a JSON object');
  return parsed.value;
}
