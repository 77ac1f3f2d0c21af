import assert from 'node:assert/strict';
import { it } from 'node:test';
import { subscriptionFilter } from '@sluice/filter';
import * as sluice from '../src/index.ts';

const { and, contains, endsWith, eq, exists, gt, gte, isMissing, lt, lte, neq, noneOf, not, oneOf, or, startsWith } =
  sluice;

it('the builders write the wire form, every operator of it', () => {
  const filter = and(
    or(eq('league', 'nba'), neq('live', true), startsWith('team', 'B'), endsWith('team', 's'), contains('team', 'ull')),
    not(oneOf('player', [23, '33'])),
    noneOf('player', ['1']),
    exists('score'),
    isMissing('deleted'),
    or(gt('score', 10), gte('score', '10.5'), lt('score', -1), lte('score', 0)),
  );
  assert.deepEqual(filter, {
    op: 'and',
    nodes: [
      {
        op: 'or',
        nodes: [
          { key: 'league', cmp: 'eq', val: 'nba' },
          { key: 'live', cmp: 'neq', val: true },
          { key: 'team', cmp: 'sw', val: 'B' },
          { key: 'team', cmp: 'ew', val: 's' },
          { key: 'team', cmp: 'ct', val: 'ull' },
        ],
      },
      { op: 'not', nodes: [{ key: 'player', cmp: 'in', vals: [23, '33'] }] },
      { key: 'player', cmp: 'nin', vals: ['1'] },
      { key: 'score', cmp: 'ex' },
      { key: 'deleted', cmp: 'nex' },
      {
        op: 'or',
        nodes: [
          { key: 'score', cmp: 'gt', val: 10 },
          { key: 'score', cmp: 'gte', val: '10.5' },
          { key: 'score', cmp: 'lt', val: -1 },
          { key: 'score', cmp: 'lte', val: 0 },
        ],
      },
    ],
  });
  const read = subscriptionFilter({ filter });
  assert.ok(read.ok, read.ok ? '' : read.problem);
});
