// HOT: all of it once per publish.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App, AppSpace, AppStore, Hub } from '@sluice/core';
import type { QueryPair } from '@sluice/protocol';
import { authenticate, withBody } from './auth.ts';
import { publishEvent } from './publishing.ts';
import { REFUSAL_TYPE, refusalOf } from './refusal.ts';
import { targetOf } from './request.ts';

export interface DirectPublishOptions {
  readonly hub: Hub;
  readonly apps: AppStore;
  /** In front of every path; not part of what clients sign. */
  readonly pathPrefix: string;
  readonly maxRequestBytes: number;
}

/** Answers a request, or leaves it untouched for fastify and returns false. */
export type DirectPublish = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A request that is being answered here. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Null until the request is known to be signed. */
  space: AppSpace | null;
}

/** Behind the id in a path. */
const EVENTS = '/events?';
/** An id that a path holds as it is. */
const PLAIN_ID = /^[\w.~-]+$/;
const JSON_TYPE = 'application/json; charset=utf-8';
const STAGE = 'POST /apps/:appId/events';

/**
 * `POST /apps/{id}/events` without fastify, which costs a quarter of such a request and more (ADR 0017). It does what the plugin does,
 * with the same functions. Whatever is not the plain request of a server library is left to the plugin.
 */
export function directPublish({ hub, apps, pathPrefix, maxRequestBytes }: DirectPublishOptions): DirectPublish {
  const start = `${pathPrefix}/apps/`;

  function begin(exchange: Exchange, appId: string): void {
    const { path, query } = targetOf(exchange.request.url ?? '', pathPrefix);
    const app = authenticate({ method: 'POST', path, query, appId }, apps, hub.ports.clock);
    if (app instanceof Promise) app.then((found) => read(exchange, found, query)).catch(refuse(exchange));
    else read(exchange, app, query);
  }

  function read(exchange: Exchange, app: App, query: readonly QueryPair[]): void {
    const space = hub.space(app);
    exchange.space = space;
    const { request } = exchange;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      try {
        const [first] = chunks;
        const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
        const answer = publishEvent(hub, withBody({ app, space, query }, body));
        if (answer instanceof Promise) answer.then((given) => succeed(exchange, given)).catch(refuse(exchange));
        else succeed(exchange, answer);
      } catch (error) {
        refuse(exchange)(error);
      }
    });
  }

  function succeed(exchange: Exchange, answer: object): void {
    send(exchange, { status: 200, type: JSON_TYPE, text: JSON.stringify(answer) });
  }

  function refuse(exchange: Exchange): (error: unknown) => void {
    return (error) => {
      const { onError } = hub.ports;
      const { status, headers, text } = refusalOf(error, { onError, stage: STAGE, bodyLimit: maxRequestBytes });
      for (const [name, value] of Object.entries(headers)) exchange.response.setHeader(name, value);
      send(exchange, { status, type: REFUSAL_TYPE, text });
    };
  }

  return (request, response) => {
    const { url = '' } = request;
    if (!url.startsWith(start) || !isPlain(request, maxRequestBytes)) return false;
    const idEnd = url.indexOf(EVENTS, start.length);
    if (idEnd === -1) return false;
    const appId = url.slice(start.length, idEnd);
    if (!PLAIN_ID.test(appId)) return false;
    const exchange: Exchange = { request, response, space: null };
    try {
      begin(exchange, appId);
    } catch (error) {
      refuse(exchange)(error);
    }
    return true;
  };
}

/** With a body of known length, and from no web page: those need answers that say whether the page may read them. */
function isPlain({ method, headers }: IncomingMessage, maxRequestBytes: number): boolean {
  if (method !== 'POST' || headers.origin !== undefined) return false;
  const length = headers['content-length'];
  return length !== undefined && Number(length) <= maxRequestBytes;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function send({ response, space }: Exchange, { status, type, text }: Answer): void {
  const length = Buffer.byteLength(text);
  if (space !== null) space.counters.httpBytesSent += length;
  response.writeHead(status, { 'content-type': type, 'content-length': length }).end(text);
}
