import { ADDITIONAL_KEY_FIELDS, APP_FIELDS } from './app-fields.ts';
import type { SourcedApp } from './apps.ts';
import type { FieldTable } from './field.ts';
import type { NamedLeaf } from './leaf.ts';
import { isRecord } from './problem.ts';
import { APPS_PATH, LEAVES, valueAt, type Values } from './schema.ts';
import { LAMBDA_FIELDS, WEBHOOK_FIELDS, type WebhookRecord } from './webhook-fields.ts';

interface EffectiveValue {
  readonly path: string;
  /** Nothing for the list of apps, which is in `apps`. */
  readonly value: unknown;
  /** `undefined`: nobody set it. */
  readonly source: string | undefined;
}

/** The configuration as it holds, for display: secrets are masked already. */
export interface EffectiveConfig {
  readonly values: readonly EffectiveValue[];
  readonly apps: readonly { readonly fields: Readonly<Record<string, unknown>>; readonly source: string | undefined }[];
}

const MASK = '***';

function shown(values: Values, { path, leaf }: NamedLeaf): unknown {
  if (path === APPS_PATH) return undefined;
  const value = valueAt(values, path);
  return leaf.secret && value !== '' ? MASK : value;
}

export function effectiveConfig(
  values: Values,
  sources: ReadonlyMap<string, string>,
  apps: readonly SourcedApp[],
): EffectiveConfig {
  return {
    values: LEAVES.map((named) => ({ path: named.path, value: shown(values, named), source: sources.get(named.path) })),
    apps: apps.map(({ record, source }) => {
      const { additional_keys: keys, webhooks, ...fields } = record;
      const shownKeys = keys.map((key) => masked(ADDITIONAL_KEY_FIELDS, key));
      const shownWebhooks = webhooks.map(maskedWebhook);
      return {
        fields: { ...masked(APP_FIELDS, fields), additional_keys: shownKeys, webhooks: shownWebhooks },
        source,
      };
    }),
  };
}

function maskedWebhook({ lambda, ...others }: WebhookRecord): Record<string, unknown> {
  return { ...masked(WEBHOOK_FIELDS, others), lambda: lambda === null ? null : masked(LAMBDA_FIELDS, lambda) };
}

function masked(fields: FieldTable, record: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, fields[name]?.secret === true ? mask(value) : value]),
  );
}

/** Of a section only what its entries are called is shown. */
function mask(value: unknown): unknown {
  if (value === null) return null;
  return isRecord(value)
    ? Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, entry === null ? null : MASK]))
    : MASK;
}
