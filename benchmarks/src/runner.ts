import type { Children } from './children.ts';
import { BenchmarkFailure } from './errors.ts';
import { ForeignLoad } from './foreign-load.ts';
import { Crew } from './load/crew.ts';
import type { Options, TargetName } from './options.ts';
import type { Pinning } from './pinning.ts';
import { SCENARIOS, type ScenarioName } from './scenarios/index.ts';
import type { Bench, Measurement, Scenario } from './scenarios/scenario.ts';
import { startBare } from './servers/bare.ts';
import { useRunning } from './servers/running.ts';
import type { Server } from './servers/server.ts';
import { requireBuilt, type SluiceOptions, startSluice } from './servers/sluice.ts';
import { startSoketi } from './servers/soketi.ts';
import type { SoketiPackage } from './servers/soketi-package.ts';

/** Above this share of a core others were in the way. */
const DISTURBING_PERCENT = 15;

export interface Sample extends Measurement {
  readonly scenario: ScenarioName;
  readonly target: TargetName;
  /** From 1. */
  readonly run: number;
  /** What other processes of the machine used meanwhile, in percent of a core; absent where it is not known. */
  readonly foreignLoad?: number;
}

export interface Surroundings {
  readonly options: Options;
  readonly children: Children;
  readonly pinning: Pinning;
  /** Null where it is no target. */
  readonly soketi: SoketiPackage | null;
  progress(text: string): void;
}

/** Every scenario against every target, `repeat` times, each time with fresh processes. */
export async function runAll(surroundings: Surroundings): Promise<Sample[]> {
  const { options } = surroundings;
  if (options.targets.includes('sluice')) requireBuilt();
  const samples: Sample[] = [];
  for (const scenario of options.scenarios) {
    for (let run = 1; run <= options.repeat; run++) {
      // In turn and with the order turned around each time: a machine that gets slower meanwhile is unfair to all of them.
      const all = options.targets.filter((target) => SCENARIOS[scenario].without?.includes(target) !== true);
      const targets = run % 2 === 1 ? all : all.toReversed();
      for (const target of targets) samples.push(await runOne(surroundings, { scenario, target, run }));
    }
  }
  return samples;
}

async function runOne(
  surroundings: Surroundings,
  which: { readonly scenario: ScenarioName; readonly target: TargetName; readonly run: number },
): Promise<Sample> {
  const { options, children } = surroundings;
  const scenario: Scenario = SCENARIOS[which.scenario];
  const label = `${which.scenario} ${which.run}/${options.repeat} ${which.target}`;
  surroundings.progress(`${label}: starting`);
  const foreign = new ForeignLoad();
  const server = await start(surroundings, which);
  const { load: cores } = pinningOf(surroundings, scenario);
  const crew = new Crew({ children, cores, subscribers: scenario.subscribers(options) });
  try {
    await crew.ready();
    const progress = (text: string): void => surroundings.progress(`${label}: ${text}`);
    const startNode: Bench['startNode'] = (env) => startSluice({ ...sluiceOptions(surroundings, scenario), env });
    const measurement = await scenario.run({ server, crew, options, startNode, progress });
    surroundings.progress(`${label}: done`);
    // A server of somebody else's would be taken for a disturbance itself.
    const foreignLoad = server.pid === undefined ? undefined : foreign.percentOfCore();
    return withForeignLoad({ ...which, ...measurement }, foreignLoad);
  } catch (error) {
    if (!(error instanceof BenchmarkFailure)) throw error;
    // A peer that cannot do it has no number; that is no reason to leave the others without theirs.
    if (which.target === 'soketi') {
      surroundings.progress(`${label}: ${error.message}`);
      return { ...which, values: {}, notes: [`no numbers: ${error.message}`] };
    }
    const output = server.output();
    throw new BenchmarkFailure(
      `${label}: ${error.message}${output === '' ? '' : `\nthe server's last output:\n${output}`}`,
    );
  } finally {
    await crew.stop();
    await server.stop();
  }
}

function withForeignLoad(sample: Sample, percent: number | undefined): Sample {
  if (percent === undefined) return sample;
  const isDisturbed = percent > DISTURBING_PERCENT;
  const note = `disturbed: other processes used ${Math.round(percent)}% of a core`;
  return { ...sample, foreignLoad: percent, notes: isDisturbed ? [...sample.notes, note] : sample.notes };
}

async function start(
  surroundings: Surroundings,
  { scenario, target }: { readonly scenario: ScenarioName; readonly target: TargetName },
): Promise<Server> {
  const { options, children, soketi } = surroundings;
  const common = { children, cores: pinningOf(surroundings, SCENARIOS[scenario]).server };
  switch (target) {
    case 'sluice':
      return startSluice(sluiceOptions(surroundings, SCENARIOS[scenario]));
    case 'soketi':
      if (soketi === null) throw new TypeError('target "soketi" without its package');
      return startSoketi({ ...common, soketi });
    case 'bare':
      return startBare(common);
    case 'url':
      if (options.url === null) throw new TypeError('target "url" without --url');
      return useRunning(options.url);
    default:
      throw new TypeError(`unknown target ${String(target satisfies never)}`);
  }
}

function sluiceOptions(surroundings: Surroundings, scenario: Scenario): SluiceOptions {
  const { options, children } = surroundings;
  const cores = pinningOf(surroundings, scenario).server;
  return { children, cores, workers: options.workers, scheduling: options.scheduling, ...scenario.sluice };
}

function pinningOf({ pinning }: Surroundings, { isUnpinned }: Scenario): Pick<Pinning, 'server' | 'load'> {
  return isUnpinned === true ? { server: undefined, load: undefined } : pinning;
}
