import { ALGORITHMS, type Algorithm } from './codec.ts';

/** How a delta travels: in the JSON that Sockudo's clients know, or as bytes, without base64 and names. */
export const DELTA_FORMS = ['json', 'binary'] as const;
export type DeltaForm = (typeof DELTA_FORMS)[number];

/** What deltas of one subscription look like. There is one object of each, so that they can be compared as such. */
export interface DeltaFormat {
  readonly algorithm: Algorithm;
  readonly form: DeltaForm;
  /** Its place in {@link DELTA_FORMATS}. */
  readonly index: number;
}

export const DELTA_FORMATS: readonly DeltaFormat[] = ALGORITHMS.flatMap((algorithm) =>
  DELTA_FORMS.map((form) => ({ algorithm, form })),
).map((format, index) => ({ ...format, index }));

export function deltaFormat(algorithm: Algorithm, form: DeltaForm): DeltaFormat {
  const format = DELTA_FORMATS.find((known) => known.algorithm === algorithm && known.form === form);
  if (format === undefined) throw new Error(`no format for ${algorithm} as ${form}`);
  return format;
}
