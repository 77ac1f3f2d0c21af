import { parseJson } from '@sluice/protocol';
import { Harm } from '../harm.ts';

const STATUS_LINE = /^HTTP\/1\.1 (\d{3})(?: [^\r\n]*)?$/;

/** What follows once the first answer is taken off; throws for what is no answer, or none that may be given. */
export function takeAnswer(received: Buffer, method: string): Buffer {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd === -1) throw new Harm(`an answer without an end to its head: ${show(received)}`);
  const [first = '', ...fields] = received.subarray(0, headEnd).toString('latin1').split('\r\n');
  const status = Number(STATUS_LINE.exec(first)?.[1] ?? 0);
  if (status < 200 || status >= 500) throw new Harm(`a ${method} is answered with ${show(received)}`);
  const headers = new Map(fields.map((line) => splitField(line)));
  const length = Number(headers.get('content-length') ?? Number.NaN);
  if (!Number.isInteger(length)) throw new Harm(`an answer without a length: ${show(received)}`);
  const bodyAt = headEnd + 4;
  if (method === 'HEAD') return received.subarray(bodyAt);
  const body = received.subarray(bodyAt, bodyAt + length);
  if (body.length < length) throw new Harm(`an answer that ends before its length: ${show(received)}`);
  const isJson = headers.get('content-type')?.startsWith('application/json') ?? false;
  if (isJson && !parseJson(body.toString()).ok) throw new Harm(`an answer that is no JSON: ${show(body)}`);
  return received.subarray(bodyAt + length);
}

/** Throws if one of the answers, whose requests nobody can tell, is a fault of the server. */
export function assertNoServerError(received: Buffer): void {
  const bad = /HTTP\/1\.1 5\d\d[^\r\n]*/.exec(received.toString('latin1'));
  if (bad !== null) throw new Harm(`an answer is ${bad[0]}`);
}

function splitField(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function show(bytes: Buffer): string {
  return JSON.stringify(bytes.subarray(0, 500).toString('latin1'));
}
