import { MAX_TOPIC_BYTES, topicOf } from '@sluice/core';
import { parseChannelRules } from '@sluice/delta';
import { ADDITIONAL_KEY_FIELDS, APP_FIELDS, type AppRecord } from './app-fields.ts';
import type { FieldTable } from './field.ts';
import { decode, type RawRecord } from './formats.ts';
import { nearestName } from './nearest.ts';
import { childPath, describeFound, describeKind, keyName, quote, type Report } from './problem.ts';
import { valueAt, type Values } from './schema.ts';
import { destinationProblem } from './webhook-destination.ts';
import {
  LAMBDA_CLIENT_FIELDS,
  LAMBDA_CREDENTIAL_FIELDS,
  LAMBDA_FIELDS,
  WEBHOOK_FIELDS,
  WEBHOOK_FILTER_FIELDS,
  type WebhookRecord,
} from './webhook-fields.ts';

/** Where a record stands. */
export interface Place {
  readonly path: string;
  /** The file or variable that a field comes from. */
  readonly sourceOf: (field: string) => string;
  readonly report: Report;
  /** Gives the defaults that an app takes from other keys. */
  readonly values: Values;
}

export function readApp(raw: RawRecord, place: Place): AppRecord {
  const record = readRecord(APP_FIELDS, raw, place);
  const listed = (name: string, read: (item: RawRecord, at: Place) => unknown): unknown[] => {
    const source = place.sourceOf(name);
    return (record[name] as readonly RawRecord[]).map((item, index) => {
      return read(item, { ...place, path: `${place.path}.${name}[${index}]`, sourceOf: () => source });
    });
  };
  const additional = listed('additional_keys', (key, at) => readRecord(ADDITIONAL_KEY_FIELDS, key, at));
  const webhooks = listed('webhooks', readWebhook);
  refuseChannelRules(record['channel_delta_compression'] as RawRecord, place);
  refuseLongNames(record, place);
  // With a problem in the report the record may lack a field; then nothing is made of it but further problems.
  return { ...record, additional_keys: additional, webhooks } as unknown as AppRecord;
}

function refuseChannelRules(rules: RawRecord, { path, sourceOf, report }: Place): void {
  const name = 'channel_delta_compression';
  for (const { pattern, member, wrong, value, expected } of parseChannelRules(rules).problems) {
    const ofPattern = childPath(childPath(path, name), pattern);
    report.problems.push({
      path: member === undefined ? ofPattern : childPath(ofPattern, member),
      source: sourceOf(name),
      found: wrong === 'name' ? `the key ${quote(member ?? pattern)}` : describeFound(value),
      expected,
    });
  }
}

/** What another node could not be told of. A client that subscribed to it would part this node from the others. */
function refuseLongNames(
  { id, max_channel_name_length: longest }: RawRecord,
  { path, sourceOf, report, values }: Place,
): void {
  const { driver } = values.adapter;
  if (driver === 'local' || typeof id !== 'string' || typeof longest !== 'number') return;
  const most = MAX_TOPIC_BYTES - Buffer.byteLength(topicOf(id, ''));
  if (longest <= most) return;
  const name = 'max_channel_name_length';
  report.problems.push({
    path: childPath(path, name),
    source: sourceOf(name),
    found: `the number ${longest}`,
    expected: `at most ${most} (with channel_limits.max_name_length as its default), since adapter.driver is ${driver}`,
  });
}

const readWebhookFields = reader(WEBHOOK_FIELDS, {
  filter: reader(WEBHOOK_FILTER_FIELDS),
  lambda: reader(LAMBDA_FIELDS, {
    client_options: reader(LAMBDA_CLIENT_FIELDS, { credentials: reader(LAMBDA_CREDENTIAL_FIELDS) }),
  }),
});

function readWebhook(raw: RawRecord, place: Place): Record<string, unknown> {
  const { problems } = place.report;
  const before = problems.length;
  const record = readWebhookFields(raw, place);
  // What its fields should be together can only be said of those that are right.
  const problem = problems.length === before ? destinationProblem(record as unknown as WebhookRecord) : undefined;
  if (problem !== undefined) {
    const { field, found, expected } = problem;
    const path = field === '' ? place.path : `${place.path}.${field}`;
    problems.push({ path, source: place.sourceOf(field), found, expected });
  }
  return record;
}

type Reader = (raw: RawRecord, place: Place) => Record<string, unknown>;

/** Reads a record, and those of its fields that are sections, unless there is none. */
function reader(fields: FieldTable, sections: Readonly<Record<string, Reader>> = {}): Reader {
  return (raw, place) => {
    const record = readRecord(fields, raw, place);
    for (const [name, read] of Object.entries(sections)) {
      const section = record[name] as RawRecord | null;
      if (section !== null) record[name] = read(section, { ...place, path: childPath(place.path, name) });
    }
    return record;
  };
}

/** The fields that are right, and the defaults of those that are not given; the rest goes to the report. */
function readRecord(fields: FieldTable, raw: RawRecord, place: Place): Record<string, unknown> {
  refuseUnknownFields(fields, raw, place);
  const record: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const { fallback, format } = field;
    if (Object.hasOwn(raw, name)) {
      const value = decode(format, raw[name]);
      if (value === undefined) refuseField(fields, name, { raw: raw[name], place });
      // What is read on stays readable.
      record[name] = value === undefined && fallback.kind === 'value' ? fallback.value : value;
    } else if (fallback.kind === 'none') {
      refuseField(fields, name, { raw: undefined, place });
    } else {
      record[name] = fallback.kind === 'value' ? fallback.value : valueAt(place.values, fallback.path);
    }
  }
  return record;
}

function refuseField(fields: FieldTable, name: string, at: { readonly raw: unknown; readonly place: Place }): void {
  const field = fields[name];
  if (field === undefined) return;
  at.place.report.problems.push({
    path: childPath(at.place.path, name),
    source: at.place.sourceOf(name),
    found: field.secret ? describeKind(at.raw) : describeFound(at.raw),
    expected: field.format.expected,
  });
}

function refuseUnknownFields(fields: FieldTable, raw: RawRecord, place: Place): void {
  for (const name of Object.keys(raw)) {
    if (Object.hasOwn(fields, name)) continue;
    const nearest = nearestName(name, Object.keys(fields));
    place.report.problems.push({
      path: childPath(place.path, name),
      source: place.sourceOf(name),
      found: 'an unknown key',
      expected: nearest === undefined ? `one of ${Object.keys(fields).join(', ')}` : keyName(nearest),
    });
  }
}
