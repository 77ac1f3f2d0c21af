import { channels } from './channels.ts';
import { churn } from './churn.ts';
import { conflation } from './conflation.ts';
import { connect, connectKernel } from './connect.ts';
import { crowd } from './crowd.ts';
import { deltas } from './deltas.ts';
import { documents } from './documents.ts';
import { fanout } from './fanout.ts';
import { filters } from './filters.ts';
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
  deltas,
  documents,
  filters,
  conflation,
  crowd,
  workers,
  nodes,
} satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;
