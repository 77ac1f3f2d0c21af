import type { Summary } from './summary.ts';

/** A median, with the lowest and highest where they differ. */
export function cell(summary: Summary | undefined): string {
  if (summary === undefined) return '–';
  const { median, min, max } = summary;
  return min === max ? readable(median) : `${readable(median)} (${readable(min)}–${readable(max)})`;
}

export function times(ratio: number | undefined): string {
  return ratio === undefined ? '–' : `${ratio.toFixed(2)}×`;
}

/** Three digits. */
export function readable(value: number): string {
  if (value === 0) return '0';
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

export function labelled({ label, unit }: { readonly label: string; readonly unit: string }): string {
  return unit === '' ? label : `${label}, ${unit}`;
}
