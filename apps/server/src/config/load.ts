import { noteDefaultSecret, readApps } from './apps.ts';
import { checkTogether } from './checks.ts';
import { type EffectiveConfig, effectiveConfig } from './effective.ts';
import { CONFIG_VARIABLE, type Environment, readEnvironment, type Variables } from './environment.ts';
import { checkValue, type FileValues, readTree } from './file-tree.ts';
import { readConfigFile } from './files.ts';
import { readFlags } from './flags.ts';
import { decode, type RawRecord } from './formats.ts';
import type { ConfigProblem, Report } from './problem.ts';
import { APPS_PATH, LEAVES, newConfig, SCHEMA, valueAt, type Values } from './schema.ts';
import type { Settings } from './settings.ts';
import { toSettings } from './to-settings.ts';

export interface LoadInput {
  /** Flags only, without the program's name and its command. */
  readonly argv: readonly string[];
  readonly env: Variables;
  /** From `--config`; otherwise the variable SLUICE_CONFIG may name one. */
  readonly configFile: string | undefined;
}

export interface Loaded {
  readonly ok: true;
  readonly settings: Settings;
  readonly notices: readonly string[];
  /** For display; holds no secrets. */
  readonly values: EffectiveConfig;
}

export type LoadResult = Loaded | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Default < file < environment < flags. Every problem of every source comes out at once; bad input never throws. */
export function loadSettings(input: LoadInput): LoadResult {
  const report: Report = { problems: [], notices: [] };
  const environment = readEnvironment(input.env, report);
  const configFile = input.configFile ?? environment.get(CONFIG_VARIABLE)?.text;
  const flags = readFlags(input.argv, report);
  const tree = configFile === undefined ? undefined : readConfigFile(configFile, report);
  const file = tree === undefined || configFile === undefined ? undefined : readTree(tree, configFile, report);
  const sources = new Map([...(file?.given ?? [])].map((path) => [path, configFile ?? '']));
  const values = merge({ environment, flags, file, sources, report });
  checkTogether({ values, sources, report });
  const listSource = sources.get(APPS_PATH) ?? 'default';
  const apps = readApps({ values, listSource, environment, report });
  if (report.problems.length > 0) return { ok: false, problems: report.problems };
  noteDefaultSecret(apps, values, report);
  const settings = toSettings(
    values,
    apps.map(({ record }) => record),
  );
  return { ok: true, settings, notices: report.notices, values: effectiveConfig(values, sources, apps) };
}

interface Layers {
  readonly environment: Environment;
  readonly flags: ReadonlyMap<string, string>;
  readonly file: FileValues | undefined;
  /** Gets the source of every key that a variable or flag sets. */
  readonly sources: Map<string, string>;
  readonly report: Report;
}

/** A value with a problem does not count: what is beneath it shows. */
function merge({ environment, flags, file, sources, report }: Layers): Values {
  const variables: Record<string, string> = {};
  const fromFlags = new Map<string, string>();
  for (const { path, leaf } of LEAVES) {
    const variable = environment.get(leaf.env);
    if (variable !== undefined && checkValue(leaf, variable.text, { path, source: variable.source, report })) {
      variables[leaf.env] = variable.text;
      sources.set(path, variable.source);
    }
    const flag = flags.get(leaf.arg);
    const source = `--${leaf.arg}`;
    if (flag !== undefined && checkValue(leaf, flag, { path, source, report })) {
      fromFlags.set(path, flag);
      sources.set(path, source);
    }
  }
  const config = newConfig(variables);
  if (file !== undefined) config.load(file.tree);
  // Not through convict's own `args`: its parser takes a text such as 1e3 for a number.
  for (const [path, flag] of fromFlags) config.set(path, flag);
  const values = config.validate({ allowed: 'strict' }).getProperties();
  // Convict's copy would turn a field called `__proto__` into a prototype, and the field would go unnoticed.
  const { app_manager: manager } = values;
  return { ...values, app_manager: { ...manager, array: { ...manager.array, apps: rawApps(variables, file) } } };
}

function rawApps(variables: Readonly<Record<string, string>>, file: FileValues | undefined): readonly RawRecord[] {
  const { apps } = SCHEMA.app_manager.array;
  const inFile = file?.given.has(APPS_PATH) === true ? valueAt(file.tree, APPS_PATH) : undefined;
  return decode(apps.kind, variables[apps.env] ?? inFile) ?? [];
}
