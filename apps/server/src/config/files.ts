import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import JSON5 from 'json5';
import { parse as parseToml, TomlError } from 'smol-toml';
import { parseDocument } from 'yaml';
import { isRecord, type Report } from './problem.ts';

interface FileFormat {
  readonly name: string;
  readonly parse: (text: string) => unknown;
}

// These messages are built from codes and positions only: the parsers' own ones quote the file, secrets included.
class SyntaxProblem extends Error {}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    parseJson5(text);
    throw new SyntaxProblem('comments, trailing commas or other things of JSON5, which need the extension .json5');
  }
}

function parseJson5(text: string): unknown {
  try {
    return JSON5.parse(text);
  } catch (error) {
    const { lineNumber, columnNumber } = error as { lineNumber?: unknown; columnNumber?: unknown };
    throw new SyntaxProblem(`a syntax error${position(lineNumber, columnNumber)}`);
  }
}

function parseYaml(text: string): unknown {
  const document = parseDocument(text, { logLevel: 'silent' });
  // Warnings too: a tag that nobody knows would otherwise turn into its plain text.
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) {
    const [start] = error.linePos ?? [];
    const code = error.code.toLowerCase().replaceAll('_', ' ');
    throw new SyntaxProblem(`a syntax error (${code})${position(start?.line, start?.col)}`);
  }
  try {
    return document.toJS();
  } catch {
    throw new SyntaxProblem('an alias without its anchor, or too many aliases');
  }
}

function parseTomlText(text: string): unknown {
  try {
    return parseToml(text);
  } catch (error) {
    if (error instanceof TomlError) throw new SyntaxProblem(`a syntax error${position(error.line, error.column)}`);
    throw new SyntaxProblem('a syntax error');
  }
}

function position(line: unknown, column: unknown): string {
  return typeof line === 'number' && typeof column === 'number' ? ` at line ${line}, column ${column}` : '';
}

const YAML: FileFormat = { name: 'YAML', parse: parseYaml };

export const FILE_FORMATS: ReadonlyMap<string, FileFormat> = new Map([
  ['.json', { name: 'JSON', parse: parseJson }],
  ['.json5', { name: 'JSON5', parse: parseJson5 }],
  ['.yaml', YAML],
  ['.yml', YAML],
  ['.toml', { name: 'TOML', parse: parseTomlText }],
]);

/** What the file holds, or `undefined` after its problem was reported. A file without content is an empty one. */
export function readConfigFile(file: string, report: Report): Readonly<Record<string, unknown>> | undefined {
  const refuse = (found: string, expected: string): undefined => {
    report.problems.push({ path: '', source: file === '' ? '--config' : file, found, expected });
  };
  const format = FILE_FORMATS.get(extname(file).toLowerCase());
  const extensions = [...FILE_FORMATS.keys()].join(', ');
  if (file === '') return refuse('an empty text', 'the name of a file');
  if (format === undefined) return refuse('a file name with another extension', `one of ${extensions}`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    return refuse(readFailure(error), 'a file that can be read');
  }
  if (text.trim() === '') return {};
  try {
    const tree = format.parse(text);
    if (tree === null) return {};
    return isRecord(tree) ? tree : refuse('no keys at the top', 'keys and values');
  } catch (error) {
    return refuse(error instanceof SyntaxProblem ? error.message : 'a syntax error', format.name);
  }
}

function readFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  const meanings: Readonly<Record<string, string>> = {
    ENOENT: 'no such file',
    EACCES: 'a file that this user may not read',
    EISDIR: 'a folder',
  };
  return meanings[code] ?? `a file that cannot be read (${code})`;
}
