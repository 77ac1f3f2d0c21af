import { connect } from './connect.ts';
import { fanout } from './fanout.ts';
import { publish } from './publish.ts';
import type { Scenario } from './scenario.ts';

export const SCENARIOS = { fanout, connect, publish } satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;
