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

/** Path and query as they were requested, without the path prefix of this server. */
export function targetOf(url: string, pathPrefix: string): { readonly path: string; readonly query: QueryPair[] } {
  const question = url.indexOf('?');
  const path = question === -1 ? url : url.slice(0, question);
  const query = question === -1 ? [] : [...new URLSearchParams(url.slice(question + 1))];
  return { path: path.slice(pathPrefix.length), query };
}

/** The last value of a query parameter, whose name may be in any case, as in signatures. */
export function queryValue(query: readonly QueryPair[], name: string): string | undefined {
  return query.findLast(([key]) => key.toLowerCase() === name)?.[1];
}

/** Parameters of a POST: those of the query, where `name[]` collects a list, and over them those of the JSON body. */
export function parametersOf({ body, query }: Authenticated): JsonObject {
  const parameters: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of query) {
    const name = key.toLowerCase();
    if (!name.endsWith('[]')) {
      parameters[name] = value;
      continue;
    }
    const list = (parameters[name.slice(0, -2)] ??= []);
    if (Array.isArray(list)) list.push(value);
  }
  if (body.length > 0) {
    for (const [name, value] of Object.entries(parseBody(body))) parameters[name] = value;
  }
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
