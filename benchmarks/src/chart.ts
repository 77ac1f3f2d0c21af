import { cell, labelled } from './cells.ts';
import type { TargetName } from './options.ts';
import type { MetricSummary } from './summary.ts';

const WIDTH = 720;
const NAME_WIDTH = 60;
const BAR_WIDTH = 420;
const BAR = 14;
const TITLE = 22;
const GAP = 10;

/** Told apart in grey and by who does not see all colours. */
const COLOURS: Readonly<Record<TargetName, string>> = {
  sluice: '#2563c9',
  url: '#2563c9',
  soketi: '#e0862e',
  bare: '#9aa1ab',
};

/** Bars of the medians, each metric on a scale of its own, with a line from the lowest to the highest run. */
export function renderChart(metrics: readonly MetricSummary[], targets: readonly TargetName[]): string {
  let y = 0;
  const parts: string[] = [];
  for (const metric of metrics) {
    const bars = targets.flatMap((target) => {
      const summary = metric.targets[target];
      return summary === undefined ? [] : [{ target, summary }];
    });
    const scale = BAR_WIDTH / Math.max(...bars.map(({ summary }) => summary.max), Number.MIN_VALUE);
    parts.push(`<text class="title" x="0" y="${y + TITLE - 7}">${escaped(labelled(metric))}</text>`);
    y += TITLE;
    for (const { target, summary } of bars) {
      const middle = y + BAR / 2;
      const [median, min, max] = [summary.median, summary.min, summary.max].map((value) => round(value * scale));
      parts.push(
        `<text x="${NAME_WIDTH}" y="${y + BAR - 3}" text-anchor="end">${target}</text>`,
        `<rect x="${NAME_WIDTH + 8}" y="${y}" width="${median}" height="${BAR}" fill="${COLOURS[target]}"/>`,
        `<path class="spread" d="M${NAME_WIDTH + 8 + (min ?? 0)} ${middle}H${NAME_WIDTH + 8 + (max ?? 0)}"/>`,
        `<text x="${NAME_WIDTH + 16 + (max ?? 0)}" y="${y + BAR - 3}">${escaped(cell(summary))}</text>`,
      );
      y += BAR + 3;
    }
    y += GAP;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img">
<style>
text { font: 12px system-ui, sans-serif; fill: #444 }
.title { font-weight: 600 }
.spread { stroke: #111; stroke-width: 1.5; opacity: 0.6 }
@media (prefers-color-scheme: dark) { text { fill: #ccc } .spread { stroke: #eee } }
</style>
${parts.join('\n')}
</svg>
`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
