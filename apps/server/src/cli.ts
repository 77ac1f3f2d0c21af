import { loadSettings, type LoadResult } from './config/load.ts';
import { renderConfig, renderProblems } from './config/print.ts';
import { StartupError } from './ports.ts';
import { VERSION } from './version.ts';

const HELP = `Sluice ${VERSION}: a realtime server for every Pusher client and SDK.

Usage: sluice [command] [options]

Commands:
  start          Serve (the default).
  check-config   Say whether the configuration is valid, with every problem in it.
  config print   Show the configuration in force, and where each value comes from. Secrets are masked.

Options:
  --config FILE    Configuration file: .json, .json5, .yaml, .yml or .toml. Also: SLUICE_CONFIG.
  --host ADDRESS   Address to listen on. Also: HOST. Default 0.0.0.0.
  --port NUMBER    Port to listen on. Also: PORT. Default 6001.
  --workers N      Worker processes; 0 is one for each core. Also: WORKERS. Default 0.
  --help           This text.
  --version        The version.

Settings: defaults < file < environment < options. All of them: apps/docs/reference/configuration.md.
`;

/** Runs what the command line asks for. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help') || argv[0] === 'help') {
    process.stdout.write(HELP);
    return;
  }
  if (argv.includes('--version')) {
    process.stdout.write(`${VERSION}\n`);
    return;
  }
  const { command, options } = splitCommand(argv);
  switch (command) {
    case 'start':
      await start(options);
      return;
    case 'check-config':
      checkConfig(load(options));
      return;
    case 'config print':
      printConfig(load(options));
      return;
    default:
      fail(`unknown command '${command}'; see sluice --help`);
  }
}

async function start(options: readonly string[]): Promise<void> {
  const result = load(options);
  if (!result.ok) return failWithProblems(result);
  const { runPrimary } = await import('./primary.ts');
  try {
    await runPrimary(result, () => load(options));
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    fail(error.message);
  }
}

function checkConfig(result: LoadResult): void {
  if (!result.ok) return failWithProblems(result);
  for (const notice of result.notices) process.stdout.write(`notice: ${notice}\n`);
  process.stdout.write('The configuration is valid.\n');
}

function printConfig(result: LoadResult): void {
  if (!result.ok) return failWithProblems(result);
  process.stdout.write(renderConfig(result.values));
}

interface CommandLine {
  readonly command: string;
  readonly options: readonly string[];
}

/** Words before the first option are the command. */
function splitCommand(argv: readonly string[]): CommandLine {
  const firstOption = argv.findIndex((word) => word.startsWith('-'));
  const words = firstOption === -1 ? argv : argv.slice(0, firstOption);
  return { command: words.join(' ') || 'start', options: firstOption === -1 ? [] : argv.slice(firstOption) };
}

function load(options: readonly string[]): LoadResult {
  const { configFile, rest } = takeConfigFile(options);
  return loadSettings({ argv: rest, env: process.env, configFile });
}

/** `--config FILE` and `--config=FILE`; the last one counts. */
function takeConfigFile(options: readonly string[]): { configFile: string | undefined; rest: string[] } {
  const rest: string[] = [];
  let configFile: string | undefined;
  for (let i = 0; i < options.length; i++) {
    const option = options[i] ?? '';
    if (option === '--config') configFile = options[++i] ?? fail('--config needs the name of a file');
    else if (option.startsWith('--config=')) configFile = option.slice('--config='.length);
    else rest.push(option);
  }
  return { configFile, rest };
}

function failWithProblems({ problems }: Extract<LoadResult, { ok: false }>): never {
  return fail(renderProblems(problems).trimEnd());
}

function fail(message: string): never {
  process.stderr.write(`sluice: ${message}\n`);
  process.exit(1);
}
