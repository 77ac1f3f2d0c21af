import type { Format } from './formats.ts';
import { secret } from './text-formats.ts';

/** What holds when an app leaves a field out. */
type Fallback<T> =
  | { readonly kind: 'none'; readonly ofDefaultApp: T & string }
  | { readonly kind: 'value'; readonly value: T }
  /** The value of another key. */
  | { readonly kind: 'setting'; readonly path: string };

export interface AppField<T> {
  readonly doc: string;
  readonly format: Format<T>;
  readonly fallback: Fallback<T>;
  readonly secret: boolean;
}

export type FieldTable = Readonly<Record<string, AppField<unknown>>>;
export type RecordOf<F extends FieldTable> = { readonly [K in keyof F]: F[K] extends AppField<infer T> ? T : never };

export function required(format: Format<string>, doc: string, ofDefaultApp: string): AppField<string> {
  return { doc, format, fallback: { kind: 'none', ofDefaultApp }, secret: format === secret };
}

export function optional<T>(format: Format<T>, doc: string, value: NoInfer<T>): AppField<T> {
  return { doc, format, fallback: { kind: 'value', value }, secret: false };
}

export function limit(format: Format<number>, doc: string, path: string): AppField<number> {
  return { doc, format, fallback: { kind: 'setting', path }, secret: false };
}
