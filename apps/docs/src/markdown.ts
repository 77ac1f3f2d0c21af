/** One row of a table. */
function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [tableLine(head), `|${'---|'.repeat(head.length)}`, ...rows.map(tableLine)].join('\n');
}

export function code(text: string): string {
  return `\`${text}\``;
}

/** The first thing in a generated page. The formatter leaves what follows alone, so that the page has one author. */
const GENERATED = '<!-- Made by apps/docs/src/main.ts; do not edit. `npm run docs` writes it again. -->';

export function generatedPage(title: string, parts: readonly string[]): string {
  const blocks = [GENERATED, '<!-- prettier-ignore-start -->', `# ${title}`, ...parts, '<!-- prettier-ignore-end -->'];
  return `${blocks.map((block) => block.trim()).join('\n\n')}\n`;
}
