import type { Row } from '../row.ts';
import { AU } from './au.ts';
import { AU_VECTORS } from './au-vectors.ts';
import { BA } from './ba.ts';
import { CA } from './ca.ts';
import { CA_MANY } from './ca-many.ts';
import { CE } from './ce.ts';
import { CH } from './ch.ts';
import { EV } from './ev.ts';
import { EV_MANY } from './ev-many.ts';
import { HA } from './ha.ts';
import { HS_OPENING } from './hs.ts';
import { HS_AUTHORISED } from './hs-authorised.ts';
import { HS_FRAMES } from './hs-frames.ts';
import { HS_LIBRARY } from './hs-library.ts';
import { PG } from './pg.ts';
import { PR } from './pr.ts';
import { PR_MANY } from './pr-many.ts';
import { SB } from './sb.ts';
import { SC } from './sc.ts';
import { SI } from './si.ts';
import { SI_MANY } from './si-many.ts';
import { TE } from './te.ts';
import { WH } from './wh.ts';
import { WH_CALLS } from './wh-calls.ts';
import { WH_FAULTS } from './wh-faults.ts';
import { WH_MANY } from './wh-many.ts';
import { WL } from './wl.ts';
import { XC } from './xc.ts';
import { XC_HOSTILE } from './xc-hostile.ts';
import { XC_LIBRARIES } from './xc-libraries.ts';
import { XC_LOSSES } from './xc-losses.ts';
import { XC_MANY } from './xc-many.ts';

/** What the statements of each group are about, in the order of the groups. */
export const GROUP_TITLES: Readonly<Record<string, string>> = {
  HS: 'Handshake and frames',
  PG: 'Pings',
  SB: 'Subscriptions',
  AU: 'Authorisation of channels',
  PR: 'Presence',
  SC: 'Subscription counts',
  CE: 'Client events',
  SI: 'Sign-in and events for users',
  WL: 'Watchlists',
  CA: 'Cache channels',
  HA: 'HTTP: authentication',
  EV: 'HTTP: events',
  BA: 'HTTP: batches',
  CH: 'HTTP: channels',
  TE: 'HTTP: termination of users',
  WH: 'Webhooks',
  XC: 'Cross-cutting',
};

const GROUPS = Object.keys(GROUP_TITLES);

/** Every row, group by group and each in the order of its numbers. */
export const ROWS: readonly Row[] = [
  ...HS_OPENING,
  ...HS_FRAMES,
  ...HS_AUTHORISED,
  ...HS_LIBRARY,
  ...PG,
  ...SB,
  ...AU_VECTORS,
  ...AU,
  ...PR,
  ...PR_MANY,
  ...SC,
  ...CE,
  ...SI,
  ...SI_MANY,
  ...WL,
  ...CA,
  ...CA_MANY,
  ...HA,
  ...EV,
  ...EV_MANY,
  ...BA,
  ...CH,
  ...TE,
  ...WH,
  ...WH_CALLS,
  ...WH_FAULTS,
  ...WH_MANY,
  ...XC,
  ...XC_HOSTILE,
  ...XC_LIBRARIES,
  ...XC_LOSSES,
  ...XC_MANY,
].toSorted((a, b) => groupAt(a) - groupAt(b) || a.id.localeCompare(b.id));

/** How many statements each group has, with those that no row judges yet. */
export const GROUP_SIZES: Readonly<Record<string, number>> = Object.fromEntries(
  GROUPS.map((group) => [group, ROWS.filter(({ id }) => groupOf(id) === group).length]),
);

export function groupOf(id: string): string {
  return id.slice(0, id.indexOf('-'));
}

function groupAt({ id }: Row): number {
  return GROUPS.indexOf(groupOf(id));
}
