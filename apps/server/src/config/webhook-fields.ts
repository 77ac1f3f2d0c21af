import { type FieldTable, optional, type RecordOf, required } from './field.ts';
import { boolean, orNone } from './formats.ts';
import { secret, secretOrNone } from './text-formats.ts';
import {
  awsRegion,
  eventTypes,
  functionName,
  headers,
  partOfName,
  pattern,
  section,
  webhookUrl,
} from './webhook-formats.ts';

export const WEBHOOK_FIELDS = {
  url: {
    ...optional(
      orNone(webhookUrl),
      'Where events are posted to. A user and password in it go out as basic authentication. Either this or a function is needed.',
      null,
    ),
    secret: true,
  },
  lambda: optional(orNone(section), 'The function of AWS Lambda that is told instead.', null),
  lambda_function: optional(
    functionName,
    'Another place for `lambda.function_name`; by itself, a function in `us-east-1`.',
    null,
  ),
  event_types: optional(eventTypes, 'The events it is told of. none: all.', null),
  filter: optional(section, 'The channels it is told of.', {}),
  headers: {
    ...optional(headers, 'Further HTTP headers of the calls; a function gets them in `headers`.', {}),
    secret: true,
  },
} as const satisfies FieldTable;

export const WEBHOOK_FILTER_FIELDS = {
  channel_prefix: optional(partOfName, 'The name of the channel begins with this.', null),
  channel_suffix: optional(partOfName, 'The name ends with this.', null),
  channel_pattern: optional(
    pattern,
    'The name, or a part of it, matches this. It runs in the primary on names that clients choose: one that can take exponential time is a way to stop the server.',
    null,
  ),
} as const satisfies FieldTable;

export const LAMBDA_FIELDS = {
  function_name: optional(functionName, 'Its name or ARN.', null),
  region: optional(awsRegion, 'Where it is. none: where its ARN says, else `us-east-1`.', null),
  async: optional(
    boolean,
    'True: Lambda takes the call and runs the function later (`Event`). False: the call waits for the function, and is made again if it fails (`RequestResponse`).',
    true,
  ),
  client_options: { ...optional(section, 'How AWS is reached.', {}), secret: true },
} as const satisfies FieldTable;

export const LAMBDA_CLIENT_FIELDS = {
  endpoint: { ...optional(orNone(webhookUrl), 'Where calls go instead of to AWS.', null), secret: true },
  region: optional(awsRegion, 'Another place for `region`.', null),
  credentials: {
    ...optional(
      orNone(section),
      'Who calls. none: whoever the environment (`AWS_ACCESS_KEY_ID`, …), the files of the AWS CLI or the role of the machine say.',
      null,
    ),
    secret: true,
  },
} as const satisfies FieldTable;

export const LAMBDA_CREDENTIAL_FIELDS = {
  accessKeyId: required(secret, 'As AWS gives it.', ''),
  secretAccessKey: required(secret, 'As AWS gives it.', ''),
  sessionToken: { ...optional(secretOrNone, 'Only with temporary credentials.', ''), secret: true },
} as const satisfies FieldTable;

/** A webhook with every field filled in. */
export type WebhookRecord = With<
  typeof WEBHOOK_FIELDS,
  { readonly filter: RecordOf<typeof WEBHOOK_FILTER_FIELDS>; readonly lambda: LambdaRecord | null }
>;

export type LambdaRecord = With<typeof LAMBDA_FIELDS, { readonly client_options: ClientRecord }>;

type ClientRecord = With<
  typeof LAMBDA_CLIENT_FIELDS,
  { readonly credentials: RecordOf<typeof LAMBDA_CREDENTIAL_FIELDS> | null }
>;

/** The record of a table whose sections were read, too. */
type With<F extends FieldTable, Sections> = Omit<RecordOf<F>, keyof Sections> & Sections;
