import type { MutantVerdict } from './judge-mutant.ts';

export function isNoticed({ missedBy, fault }: MutantVerdict): boolean {
  return fault === null && missedBy.length === 0;
}

/** What became of one mutant, for those who wait for all. */
export function renderProgress({ mutant, noticedBy, missedBy, fault }: MutantVerdict): string {
  if (fault !== null) return `${mutant.name}: could not be judged`;
  const noticed = noticedBy.length === 0 ? [] : [`noticed by ${noticedBy.map(({ id }) => id).join(', ')}`];
  const missed = missedBy.length === 0 ? [] : [`NOT NOTICED by ${missedBy.join(', ')}`];
  return `${mutant.name}: ${[...noticed, ...missed].join('; ')}`;
}

export interface ReportOptions {
  /** Whether it also says why each row failed. */
  readonly withReasons: boolean;
}

/** A table of all mutants, and what has to be done about those that were not noticed. */
export function renderReport(verdicts: readonly MutantVerdict[], options: ReportOptions): string {
  const width = Math.max(...verdicts.map(({ mutant }) => mutant.name.length)) + 2;
  const byFile = Map.groupBy(verdicts, ({ mutant }) => mutant.file);
  const tables = [...byFile].map(([file, some]) => {
    return [file, ...some.flatMap((verdict) => renderLines(verdict, width, options))].join('\n');
  });
  const unnoticed = verdicts.filter((verdict) => !isNoticed(verdict));
  const count =
    unnoticed.length === 0
      ? `All ${verdicts.length} mutants were noticed.`
      : `${unnoticed.length} of ${verdicts.length} mutants were not noticed.`;
  return `${[...tables, ...unnoticed.map(renderUnnoticed), count].join('\n\n')}\n`;
}

function renderLines(verdict: MutantVerdict, width: number, { withReasons }: ReportOptions): readonly string[] {
  const { mutant, noticedBy, fault, ms } = verdict;
  const outcome = isNoticed(verdict) ? 'noticed' : fault === null ? 'MISSED' : 'FAULT';
  const seconds = `${(ms / 1000).toFixed(1).padStart(5)} s`;
  const line = `  ${mutant.name.padEnd(width)}${outcome.padEnd(8)}${seconds}  ${noticedBy.map(({ id }) => id).join(', ')}`;
  return [line.trimEnd(), ...(withReasons ? noticedBy.map(({ id, reason }) => `      ${id}: ${reason}`) : [])];
}

function renderUnnoticed({ mutant, missedBy, fault }: MutantVerdict): string {
  const { name, file, find, replace } = mutant;
  const what =
    fault === null
      ? `${missedBy.join(', ')} passed though the server was broken: make them stricter, or name rows that notice it.`
      : `The broken server could not be judged: ${fault}`;
  return `${name} (${file})\n${marked(find, '-')}\n${marked(replace, '+')}\n  ${what}`;
}

function marked(text: string, mark: string): string {
  return text.replaceAll(/^/gm, `  ${mark} `);
}
