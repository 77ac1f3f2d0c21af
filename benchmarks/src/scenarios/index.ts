import { channels } from './channels.ts';
import { churn } from './churn.ts';
import { connect, connectKernel } from './connect.ts';
import { crowd } from './crowd.ts';
import { fanout } from './fanout.ts';
import { idle } from './idle.ts';
import { large } from './large.ts';
import { latency } from './latency.ts';
import { nodes } from './nodes.ts';
import { publish } from './publish.ts';
import type { Scenario } from './scenario.ts';
import { slow } from './slow.ts';
import { workers } from './workers.ts';

export const SCENARIOS = {
  fanout,
  latency,
  channels,
  connect,
  'connect-kernel': connectKernel,
  publish,
  large,
  slow,
  churn,
  idle,
  crowd,
  workers,
  nodes,
} satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;
