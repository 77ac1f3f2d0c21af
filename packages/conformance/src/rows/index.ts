import type { Row } from '../row.ts';
import { AU } from './au.ts';
import { AU_VECTORS } from './au-vectors.ts';
import { BA } from './ba.ts';
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

/** How many statements each group has. */
export const GROUP_SIZES: Readonly<Record<string, number>> = {
  HS: 40,
  PG: 12,
  SB: 21,
  AU: 27,
  PR: 30,
  CE: 21,
  HA: 28,
  EV: 33,
  BA: 10,
  CH: 23,
};

const GROUPS = Object.keys(GROUP_SIZES);

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
  ...CE,
  ...HA,
  ...EV,
  ...EV_MANY,
  ...BA,
  ...CH,
].toSorted((a, b) => groupAt(a) - groupAt(b) || a.id.localeCompare(b.id));

function groupAt({ id }: Row): number {
  return GROUPS.indexOf(id.slice(0, 2));
}
