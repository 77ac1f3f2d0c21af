import { ALIASES } from './aliases.ts';
import { ADDITIONAL_KEY_FIELDS, APP_FIELDS, variableOf } from './app-fields.ts';
import { CONFIG_VARIABLE } from './environment.ts';
import { REDIS_URL_VARIABLE } from './redis-url.ts';
import type { AppField, FieldTable } from './field.ts';
import { FILE_FORMATS } from './files.ts';
import { LEAVES } from './schema.ts';
import {
  LAMBDA_CLIENT_FIELDS,
  LAMBDA_CREDENTIAL_FIELDS,
  LAMBDA_FIELDS,
  WEBHOOK_FIELDS,
  WEBHOOK_FILTER_FIELDS,
} from './webhook-fields.ts';

/** One key or field as the documentation shows it. Texts may hold Markdown. */
export interface ReferenceRow {
  readonly key: string;
  /** What it takes. */
  readonly type: string;
  readonly default: string;
  readonly env: string | undefined;
  readonly flag: string | undefined;
  readonly doc: string;
}

export interface ReferenceSection {
  readonly title: string;
  readonly rows: readonly ReferenceRow[];
}

/** Every key by section, then the fields of an app and of what it lists. */
export function referenceSections(): readonly ReferenceSection[] {
  const sections = new Map<string, ReferenceRow[]>();
  for (const { path, leaf } of LEAVES) {
    const title = path.includes('.') ? `\`${path.slice(0, path.indexOf('.'))}\`` : 'Top level';
    const row: ReferenceRow = {
      key: path,
      type: leaf.kind.expected,
      default: leaf.defaultText ?? code(leaf.default),
      env: leaf.env,
      flag: leaf.arg === '' ? undefined : `--${leaf.arg}`,
      doc: leaf.doc,
    };
    sections.set(title, [...(sections.get(title) ?? []), row]);
  }
  return [
    ...[...sections].map(([title, rows]) => ({ title, rows })),
    { title: 'Fields of an app', rows: fieldRows(APP_FIELDS, variableOf) },
    { title: 'Fields of an additional key', rows: fieldRows(ADDITIONAL_KEY_FIELDS, () => undefined) },
    { title: 'Fields of a webhook', rows: fieldRows(WEBHOOK_FIELDS, () => undefined) },
    { title: 'Fields of the filter of a webhook', rows: fieldRows(WEBHOOK_FILTER_FIELDS, () => undefined) },
    { title: 'Fields of `lambda` of a webhook', rows: fieldRows(LAMBDA_FIELDS, () => undefined) },
    { title: 'Fields of its `client_options`', rows: fieldRows(LAMBDA_CLIENT_FIELDS, () => undefined) },
    { title: 'Fields of its `credentials`', rows: fieldRows(LAMBDA_CREDENTIAL_FIELDS, () => undefined) },
  ];
}

function fieldRows(fields: FieldTable, envOf: (name: string) => string | undefined): ReferenceRow[] {
  return Object.entries(fields).map(([name, field]) => ({
    key: name,
    type: field.format.expected,
    default: fallbackText(field),
    env: envOf(name),
    flag: undefined,
    doc: field.doc,
  }));
}

function fallbackText({ fallback }: AppField<unknown>): string {
  switch (fallback.kind) {
    case 'none':
      return fallback.ofDefaultApp === '' ? 'required' : `required; \`${fallback.ofDefaultApp}\` in the default app`;
    case 'value':
      return code(fallback.value);
    case 'setting':
      return `that of \`${fallback.path}\``;
  }
}

function code(value: unknown): string {
  if (value === null) return '`none`';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** The tables of the configuration page. */
export function renderReference(): string {
  const parts = referenceSections().map(({ title, rows }) => {
    const lines = rows.map((row) => tableLine([`\`${row.key}\``, row.type, row.default, names(row), row.doc]));
    return [
      `## ${title}`,
      '',
      tableLine(['Key', 'Takes', 'Default', 'Variable, flag', 'Meaning']),
      RULE,
      ...lines,
    ].join('\n');
  });
  return `${[renderFile(), ...parts, renderAliases()].join('\n\n')}\n`;
}

const RULE = '|---|---|---|---|---|';

function renderFile(): string {
  const extensions = [...FILE_FORMATS.keys()].map((extension) => `\`${extension}\``).join(', ');
  return (
    `## The file\n\nThe flag \`--config\` names it, or the variable \`${CONFIG_VARIABLE}\`; without either there is none. ` +
    `Its extension says what it holds: ${extensions}. ` +
    'A variable goes before the file, a flag before the variable; a variable of an empty text counts as not set. ' +
    `\`${REDIS_URL_VARIABLE}\`, such as \`redis://user:password@host:6379/0\` (\`rediss://\` for TLS), says at once what ` +
    '`database.redis` says about address, user, password, database and TLS, and goes before variables and file.'
  );
}

function renderAliases(): string {
  const lines = [...ALIASES].map(([name, { target, convert }]) => {
    return tableLine([`\`${name}\``, `\`${target}\``, convert?.doc ?? '']);
  });
  return [
    '## Variables of Sockudo and soketi',
    '',
    tableLine(['Variable', 'Read as', 'Note']),
    '|---|---|---|',
    ...lines,
  ].join('\n');
}

function names({ env, flag }: ReferenceRow): string {
  const all = [env, flag].filter((name) => name !== undefined);
  return all.map((name) => `\`${name}\``).join(', ');
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
