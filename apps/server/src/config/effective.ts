import type { SourcedApp } from './apps.ts';
import type { NamedLeaf } from './leaf.ts';
import { APPS_PATH, LEAVES, valueAt, type Values } from './schema.ts';

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
      const additional = record.additional_keys.map((key) => ({ ...key, secret: MASK }));
      const webhooks = record.webhooks.map((webhook) => ({
        ...webhook,
        url: MASK,
        headers: Object.fromEntries(Object.keys(webhook.headers).map((name) => [name, MASK])),
      }));
      return { fields: { ...record, secret: MASK, additional_keys: additional, webhooks }, source };
    }),
  };
}
