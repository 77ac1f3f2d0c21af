import { parseArgs } from 'node:util';
import {
  type FilterExpression,
  type FilterNode,
  FilterIndex,
  Filters,
  parseTags,
  subscriptionFilter,
  type Tags,
} from '../src/index.ts';

// What a publish pays to find its subscribers: 10,000 of them with 1,000 different filters, of which one message
// reaches 10.   node --conditions=@sluice/source packages/filter/bench/match.ts [--ms 300]

const SUBSCRIBERS = 10_000;
const FILTERS = 1000;
const { values } = parseArgs({ options: { ms: { type: 'string', default: '300' } } });
const MIN_MS = Number(values.ms);

type Shape = (i: number) => FilterExpression;

const SHAPES: Readonly<Record<string, Shape>> = {
  eq: (i) => ({ key: 'player', cmp: 'eq', val: i }),
  'in, 5 values': (i) => ({ key: 'player', cmp: 'in', vals: [0, 1, 2, 3, 4].map((n) => i + n * FILTERS) }),
  'eq and eq and gte': (i) => ({
    op: 'and',
    nodes: [
      { key: 'league', cmp: 'eq', val: 'nba' },
      { key: 'player', cmp: 'eq', val: i },
      { key: 'score', cmp: 'gte', val: 10 },
    ],
  }),
  'gte and lt (no value to look up)': (i) => ({
    op: 'and',
    nodes: [
      { key: 'player', cmp: 'gte', val: i },
      { key: 'player', cmp: 'lt', val: i + 1 },
    ],
  }),
};

interface Subscriber {
  received: number;
}

function main(): void {
  process.stdout.write('filter | each subscriber asked | each filter asked | index | index, 10 subscribers alone\n');
  for (const [name, shape] of Object.entries(SHAPES)) {
    const filters = new Filters();
    const cohorts = Array.from({ length: FILTERS }, (_, i) => ({
      filter: filters.intern(parsed(shape(i))),
      subscribers: Array.from({ length: SUBSCRIBERS / FILTERS }, (): Subscriber => ({ received: 0 })),
    }));
    const [few] = cohorts.slice(500);
    if (few === undefined) throw new Error('no cohort');
    const messages = Array.from({ length: FILTERS }, (_, i) => tagsOf({ league: 'nba', player: i, score: 12 }));
    const index = new FilterIndex<readonly Subscriber[]>();
    for (const { filter, subscribers } of cohorts) index.add(filter, subscribers);
    const alone = new FilterIndex<readonly Subscriber[]>();
    alone.add(few.filter, few.subscribers);
    const figures = [
      measure(messages, (tags) => {
        for (const { filter, subscribers } of cohorts) {
          for (const subscriber of subscribers) if (filter.matches(tags)) subscriber.received++;
        }
      }),
      measure(messages, (tags) => {
        for (const { filter, subscribers } of cohorts) if (filter.matches(tags)) deliver(subscribers);
      }),
      measure(messages, (tags) => index.match(tags).forEach(deliver)),
      measure(messages.slice(500, 501), (tags) => alone.match(tags).forEach(deliver)),
    ];
    process.stdout.write(`${[name, ...figures.map((us) => `${us.toPrecision(3)} µs`)].join(' | ')}\n`);
  }
}

function deliver(subscribers: readonly Subscriber[]): void {
  for (const subscriber of subscribers) subscriber.received++;
}

/** Microseconds a publish: the best of five rounds, so that other work on the machine counts for little. */
function measure(messages: readonly Tags[], publish: (tags: Tags) => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const startedAt = performance.now();
    let published = 0;
    while (performance.now() - startedAt < MIN_MS) {
      for (const tags of messages) publish(tags);
      published += messages.length;
    }
    best = Math.min(best, ((performance.now() - startedAt) * 1000) / published);
  }
  return best;
}

function parsed(filter: FilterExpression): FilterNode {
  const result = subscriptionFilter({ filter });
  if (!result.ok || result.node === undefined) throw new Error(result.ok ? 'no filter' : result.problem);
  return result.node;
}

function tagsOf(value: unknown): Tags {
  const result = parseTags(value);
  if (!result.ok) throw new Error(result.problem);
  return result.tags;
}

main();
