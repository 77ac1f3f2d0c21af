import { PUBLISH_ERRORS, type PublishErrorSpec } from '@sluice/core';
import { HTTP_ERRORS, type HttpErrorSpec } from '@sluice/http-api';
import {
  CLOSE,
  type CloseReason,
  PROTOCOL_ERRORS,
  type ProtocolErrorName,
  type ProtocolErrorSpec,
} from '@sluice/protocol';
import { CLOSE_EFFECTS } from './error-effects.ts';
import { code, generatedPage, table } from './markdown.ts';

const INTRODUCTION = `Everything that a client or a publisher can be told, made from the registries in the code. \`%s\` stands for the
part that differs from case to case. "Pusher's words" marks texts that are those of Pusher's service to the letter.

| If you see | read |
|---|---|
| a frame \`pusher:error\` | [Messages to clients](#messages-to-clients) |
| a close code | [Close codes](#close-codes) |
| a status of 400 or above from the HTTP API | [Refused publishes](#refused-publishes), [Refused requests](#refused-requests) |
| a connection or request that ends without any of these | [Answers without a text](#answers-without-a-text) |`;

const MESSAGES = `The connection stays open. The frame is \`{"event":"pusher:error","data":{"code":…,"message":"…"}}\`, without a channel, as
Pusher sends it. Where a subscription was refused, a second frame names the channel, so that its own handlers hear of it:
\`{"event":"pusher:subscription_error","channel":"…","data":"{\\"type\\":\\"…\\",\\"error\\":\\"…\\",\\"status\\":…}"}\`. Its type and status stand
in the third column; a client event or a sign-in refused for the same reason gets the first frame only.`;

const CLOSES = `The connection ends with the code and the reason. A client that asked for protocol 4 or 5 gets the same as a \`pusher:error\`
first, unless it reads too slowly to be told anything. Clients tell by the code what to do: 4000–4099 stay away, 4100–4199 come back after a
second or more, 4200–4299 come back at once.`;

const PUBLISHES = `Answers to \`POST /events\` and \`POST /batch_events\`. The answer is plain text with a newline at its end. Nothing of the
request was sent to anybody: not the other channels of the event, not the other events of the batch.`;

const REQUESTS = `Answers of the whole HTTP API, in the order in which they are checked as far as authentication goes. The answer is plain
text with a newline at its end. A 429 says in \`Retry-After\` when to come back.`;

/** What ws and node:http do by themselves; there is no registry to make it from. */
const WITHOUT_TEXT: readonly (readonly string[])[] = [
  ['close 1002', 'A frame that breaks RFC 6455.', 'Use a WebSocket library.'],
  ['close 1007', 'A text frame that is not UTF-8.', 'Send UTF-8.'],
  [
    'close 1009',
    'A message larger than `websocket_max_payload_kb` or `websocket.max_message_size`.',
    'Send less, or raise the smaller of the two.',
  ],
  [
    'close 1006 at the client',
    'The connection broke: a worker or a proxy died, or the network did.',
    'Clients come back by themselves. If many do, read the log for `a worker died`.',
  ],
  [
    'HTTP 404, empty',
    'No such route or method.',
    'Compare the path with [protocol](../protocol.md#http-api) and with `path_prefix`.',
  ],
  [
    'HTTP 408, empty',
    'The headers took longer than `http_api.headers_timeout`, or the whole request longer than 60 s.',
    'Look at the network between.',
  ],
  ['HTTP 431, empty', 'Headers of more than 16 KB, the path included.', 'Send fewer headers.'],
  [
    'HTTP 503, `DRAINING`',
    '`/ready` and `/up` while the server shuts down.',
    'None; this is how a load balancer learns of it.',
  ],
  [
    'HTTP 429 on an upgrade',
    'More connections from one address than `rate_limiter.websocket_rate_limit` allows.',
    'Come back after `Retry-After`, or raise the limit. Behind a proxy set `trust_hops`, or all clients count as one.',
  ],
  ['HTTP 503 on an upgrade', 'The server has closed its clients and ends.', 'None; clients come back by themselves.'],
];

export function errorsPage(): string {
  return generatedPage('Errors', [
    INTRODUCTION,
    '## Messages to clients',
    MESSAGES,
    table(['Name', 'Code', 'Subscription error', 'Text', "Pusher's words", 'Remedy'], protocolRows()),
    '## Close codes',
    CLOSES,
    table(['Name', 'Code', 'Reason', 'When', 'Remedy'], closeRows()),
    '## Refused publishes',
    PUBLISHES,
    table(['Name', 'Status', 'Text', "Pusher's words", 'Remedy'], Object.entries(PUBLISH_ERRORS).map(publishRow)),
    '## Refused requests',
    REQUESTS,
    table(['Name', 'Status', 'Text', "Pusher's words", 'Remedy'], Object.entries(HTTP_ERRORS).map(httpRow)),
    '## Answers without a text',
    table(['Seen', 'When', 'Remedy'], WITHOUT_TEXT),
  ]);
}

function protocolRows(): string[][] {
  return (Object.keys(PROTOCOL_ERRORS) as ProtocolErrorName[]).map((name) => {
    const spec: ProtocolErrorSpec = PROTOCOL_ERRORS[name];
    const refusal = spec.refusal === undefined ? '' : `${spec.refusal.type}, ${spec.refusal.status}`;
    return [name, code(String(spec.code)), refusal, code(spec.text), ...words(spec)];
  });
}

function closeRows(): string[][] {
  return (Object.keys(CLOSE) as (keyof typeof CLOSE)[]).map((name) => {
    const entry: CloseReason | ((key: string) => CloseReason) = CLOSE[name];
    const reason = typeof entry === 'function' ? entry('%s') : entry;
    const { when, remedy } = known(CLOSE_EFFECTS, name);
    return [name, code(String(reason.code)), code(reason.reason), when, remedy];
  });
}

function publishRow([name, spec]: readonly [string, PublishErrorSpec]): string[] {
  return [name, spec.reason === 'too_large' ? '413' : '400', code(spec.text), ...words(spec)];
}

function httpRow([name, spec]: readonly [string, HttpErrorSpec]): string[] {
  return [name, String(spec.status), code(spec.text), ...words(spec)];
}

/** A remedy that begins with "Pusher" says that the text is Pusher's own. */
function words({ remedy }: { readonly remedy: string }): [pushers: string, remedy: string] {
  const mark = /^Pusher(?:, its spelling included)?\. /.exec(remedy)?.[0];
  return mark === undefined ? ['', remedy] : ['yes', remedy.slice(mark.length)];
}

/** The types demand every entry; whoever runs without them is told where one is missing. */
function known<Name extends string, Effect>(effects: Readonly<Record<Name, Effect>>, name: Name): Effect {
  if (!Object.hasOwn(effects, name)) throw new Error(`apps/docs/src/error-effects.ts has no entry for ${name}`);
  return effects[name];
}
