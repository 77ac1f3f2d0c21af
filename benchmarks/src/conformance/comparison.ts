import { type Counts, countsOf, GROUP_TITLES, groupOf, type RowResult } from '@sluice/conformance';

/** What became of the same rows at both servers. Which of them failed is left out: some tell of weaknesses of a server in use. */
export interface Comparison {
  /** ISO 8601, of the start. */
  readonly date: string;
  readonly command: string;
  readonly versions: { readonly sluice: string; readonly soketi: string };
  /** What both servers were prepared with beyond one app. */
  readonly provided: readonly string[];
  readonly groups: Readonly<Record<string, { readonly sluice: Counts; readonly soketi: Counts }>>;
  /** Ids of rows that neither server was asked, by reason. */
  readonly skipped: Readonly<Record<string, readonly string[]>>;
}

type Results = { readonly sluice: readonly RowResult[]; readonly soketi: readonly RowResult[] };

export function compare({ sluice, soketi }: Results): Pick<Comparison, 'groups' | 'skipped'> {
  const judged = Object.keys(GROUP_TITLES).filter((group) => sluice.some(({ id }) => groupOf(id) === group));
  const countsIn = (group: string, results: readonly RowResult[]): Counts =>
    countsOf(results.filter(({ id }) => groupOf(id) === group));
  const groups = judged.map(
    (group) => [group, { sluice: countsIn(group, sluice), soketi: countsIn(group, soketi) }] as const,
  );
  const skipped = Map.groupBy(
    sluice.filter(({ outcome }) => outcome === 'skipped'),
    ({ reason }) => reason ?? '',
  );
  return {
    groups: Object.fromEntries(groups),
    skipped: Object.fromEntries([...skipped].map(([reason, results]) => [reason, results.map(({ id }) => id)])),
  };
}

export function renderComparison(comparison: Comparison): string {
  const { date, command, versions, provided, groups, skipped } = comparison;
  const totals = { sluice: totalOf(groups, 'sluice'), soketi: totalOf(groups, 'soketi') };
  const lines = Object.entries(groups).map(([group, counts]) => rowOf(`${group} ${GROUP_TITLES[group] ?? ''}`, counts));
  const skips = Object.entries(skipped).map(([reason, ids]) => `- ${reason}: ${ids.join(', ')}`);
  return `# Conformance: Sluice and soketi, side by side

- ${date.slice(0, 10)}, with \`${command}\`
- Sluice: ${versions.sluice}
- ${versions.soketi}

The statements are those of [the suite](../../packages/conformance/README.md): Pusher's protocol and HTTP API to the letter,
with its frames, close codes, texts and status codes. Clients forgive much of that, so a statement that fails is no
client that fails. One difference, as a status code or a member of a frame, fails every statement that meets it: the counts
are no measure of distance. A refusal in another form than Pusher's fails too, though it refuses.

Each server was one process that takes connections, set to Pusher's limits, and prepared as said below. A statement that
needs what only one of the two has a setting for was put to neither. What failed beside other statements was judged once
more alone, and that is what counts.

| Group | Sluice: passed | failed | skipped | soketi: passed | failed | skipped |
|---|--:|--:|--:|--:|--:|--:|
${lines.join('\n')}
${rowOf('**all**', totals)}

Which statements failed is not listed. \`npm run conformance -- --url …\` tells it of any server, with what was sent and what
came.

Both were given, beside one app with client events: ${provided.join(', ')}.

Skipped at both:

${skips.join('\n')}
`;
}

function rowOf(name: string, { sluice, soketi }: { readonly sluice: Counts; readonly soketi: Counts }): string {
  const cells = [sluice, soketi].flatMap(({ passed, failed, skipped }) => [passed, failed, skipped]);
  return `| ${[name, ...cells].join(' | ')} |`;
}

function totalOf(groups: Comparison['groups'], server: keyof Results): Counts {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const counts of Object.values(groups)) {
    for (const outcome of ['passed', 'failed', 'skipped'] as const) total[outcome] += counts[server][outcome];
  }
  return total;
}
