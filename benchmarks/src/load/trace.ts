import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { EventContent } from './content.ts';
import { documentVersions } from './document.ts';

const FOLDER = join(import.meta.dirname, '../../data');

/** Traces in benchmarks/data, and documents that are made when they are needed. */
export const TRACE_FILES = ['order-book', 'sports', 'vehicles', 'chat'] as const;
export const DOCUMENTS = { 'document-10k': 10 * 1024, 'document-100k': 100 * 1024 } as const;

export type TraceName = (typeof TRACE_FILES)[number] | keyof typeof DOCUMENTS;

/**
 * Plays a trace again and again, for all publishers that share it: forwards, then backwards, so that no step is larger than
 * those in it.
 */
export function playTrace(name: TraceName): () => EventContent {
  const entries = entriesOf(name);
  const last = entries.length - 1;
  let step = 0;
  return () => {
    const at = step++ % (2 * last);
    const entry = entries[at <= last ? at : 2 * last - at];
    if (entry === undefined) throw new TypeError(`trace "${name}" is empty`);
    return entry;
  };
}

function entriesOf(name: TraceName): readonly EventContent[] {
  if (name in DOCUMENTS) return documentVersions(DOCUMENTS[name as keyof typeof DOCUMENTS]).map((data) => ({ data }));
  const lines = readFileSync(join(FOLDER, `${name}.ndjson`), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as EventContent);
}
