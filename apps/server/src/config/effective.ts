import type { SourcedApp } from './apps.ts';
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

export function effectiveConfig(
  values: Values,
  sources: ReadonlyMap<string, string>,
  apps: readonly SourcedApp[],
): EffectiveConfig {
  const shown = (path: string): unknown => (path === APPS_PATH ? undefined : valueAt(values, path));
  return {
    values: LEAVES.map(({ path }) => ({ path, value: shown(path), source: sources.get(path) })),
    apps: apps.map(({ record, source }) => {
      const additional = record.additional_keys.map((key) => ({ ...key, secret: MASK }));
      return { fields: { ...record, secret: MASK, additional_keys: additional }, source };
    }),
  };
}
