import type { OnError } from '@sluice/core';
import type { FastifyError } from 'fastify';
import { HttpError, httpError } from './errors.ts';

/** How a request that failed is answered. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface RefusalOptions {
  /** Told of what is the server's own fault. */
  readonly onError: OnError;
  /** Method and route. */
  readonly stage: string;
  /** Bytes that a body may have. */
  readonly bodyLimit: number;
}

export function refusalOf(error: unknown, { onError, stage, bodyLimit }: RefusalOptions): Refusal {
  const { status, message } = toHttpError(error, bodyLimit);
  if (status >= 500) onError(error, { stage });
  return { status, headers: status === 429 ? { 'retry-after': '1' } : {}, text: `${message}\n` };
}

export const REFUSAL_TYPE = 'text/plain; charset=utf-8';

function toHttpError(error: unknown, bodyLimit: number): HttpError {
  if (error instanceof HttpError) return error;
  const { code, statusCode, message } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return httpError('bodyTooLarge', bodyLimit);
  if (statusCode !== undefined && statusCode < 500) return new HttpError(statusCode, message ?? '');
  return httpError('internal');
}
