// Writes the traces into a folder, or beside it: the same bytes each time.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { EventContent } from '../src/load/content.ts';
import { randomFrom } from '../src/load/random.ts';
import type { TRACE_FILES } from '../src/load/trace.ts';

type Random = () => number;

const FOLDER = process.argv[2] ?? import.meta.dirname;
const TEAMS = ['Arden', 'Bexley', 'Corby', 'Dunmore', 'Elstow', 'Farley', 'Granby', 'Holme'] as const;
const SYMBOLS = ['ACM', 'BRT', 'CLX', 'DVN', 'EPS', 'FRG', 'GLW', 'HNT', 'IOR', 'JKL'] as const;

const DEPTH = 15;

/** With each tick the sizes at one or two prices change; with one in ten the price moves by a step, and the levels with it. */
function orderBook(random: Random): EventContent[] {
  const books = SYMBOLS.map((symbol, i) => ({
    symbol,
    sequence: 48_210_000 + i * 7_919,
    middle: whole(random, 9_000, 11_000),
    /** By price. */
    sizes: new Map<number, number>(),
  }));
  return Array.from({ length: 200 }, (_, tick) => {
    const book = books[tick % books.length];
    if (book === undefined) throw new TypeError('no book');
    book.sequence += whole(random, 1, 9);
    if (random() < 0.1) book.middle += random() < 0.5 ? 1 : -1;
    for (let change = whole(random, 1, 2); change > 0; change--) {
      const distance = whole(random, 1, DEPTH);
      book.sizes.delete(random() < 0.5 ? book.middle - distance : book.middle + distance);
    }
    const level = (price: number): Level => {
      const size = book.sizes.get(price) ?? whole(random, 1, 99_999);
      book.sizes.set(price, size);
      return { price: price / 100, size: size / 100 };
    };
    const bids = Array.from({ length: DEPTH }, (_, i) => level(book.middle - 1 - i));
    const asks = Array.from({ length: DEPTH }, (_, i) => level(book.middle + 1 + i));
    const time = 1_790_000_000_000 + tick * 20 + whole(random, 0, 19);
    const { symbol, sequence } = book;
    return { data: JSON.stringify({ symbol, sequence, time, bids, asks }), conflation_key: symbol };
  });
}

interface Level {
  readonly price: number;
  readonly size: number;
}

/** Matches with line-ups and counts, of which a few change with each event. */
function sports(random: Random): EventContent[] {
  const matches = [0, 2, 4, 6].map((home, id) => ({
    match: 7_100 + id,
    minute: 0,
    home: team(random, TEAMS[home] ?? ''),
    away: team(random, TEAMS[home + 1] ?? ''),
    last: '',
  }));
  return Array.from({ length: 60 }, (_, i) => {
    const match = matches[i % matches.length];
    if (match === undefined) throw new TypeError('no match');
    match.minute += whole(random, 0, 2);
    const side = random() < 0.5 ? match.home : match.away;
    const kind = (['shots', 'fouls', 'corners'] as const)[whole(random, 0, 2)] ?? 'shots';
    side[kind]++;
    if (random() < 0.05) side.goals++;
    const player = side.players[whole(random, 0, side.players.length - 1)];
    if (player !== undefined) player.touches += whole(random, 1, 4);
    match.last = `${kind} by ${side.name}`;
    const tags = { sport: 'football', match: String(match.match), event: kind };
    return { data: JSON.stringify(match), conflation_key: String(match.match), tags };
  });
}

function team(random: Random, name: string) {
  const players = Array.from({ length: 11 }, (_, i) => ({
    number: i + 1,
    name: `${name} ${String.fromCharCode(65 + whole(random, 0, 25))}. ${i + 1}`,
    position: (['keeper', 'defender', 'midfielder', 'forward'] as const)[Math.ceil(i / 4)],
    touches: 0,
  }));
  return { name, goals: 0, shots: 0, fouls: 0, corners: 0, players };
}

/** A hundred vehicles, each of which is heard of in turn; position and speed change, line and destination stay. */
function vehicles(random: Random): EventContent[] {
  const fleet = Array.from({ length: 100 }, (_, id) => ({
    id: `bus-${String(id).padStart(3, '0')}`,
    line: `${whole(random, 1, 40)}`,
    operator: 'City Transport',
    destination: `${TEAMS[whole(random, 0, 7)]} Central Station`,
    latitude: 52_000_000 + whole(random, 0, 400_000),
    longitude: 13_000_000 + whole(random, 0, 400_000),
    bearing: whole(random, 0, 359),
    speed: 30,
    delaySeconds: 0,
    occupancy: 'many seats available',
    accessible: true,
  }));
  return Array.from({ length: 400 }, (_, i) => {
    const vehicle = fleet[i % fleet.length];
    if (vehicle === undefined) throw new TypeError('no vehicle');
    vehicle.latitude += whole(random, -300, 300);
    vehicle.longitude += whole(random, -300, 300);
    vehicle.speed = whole(random, 0, 55);
    if (random() < 0.2) vehicle.bearing = whole(random, 0, 359);
    if (random() < 0.2) vehicle.delaySeconds += whole(random, -10, 20);
    const position = { latitude: vehicle.latitude / 1e6, longitude: vehicle.longitude / 1e6 };
    return { data: JSON.stringify({ ...vehicle, ...position }), conflation_key: vehicle.id };
  });
}

const CHAT_WORDS = (
  'yes no maybe I you we they saw it was there then after lunch tomorrow please thanks the new build works again can somebody ' +
  'look at this today nobody knows why let us meet around five'
).split(' ');

/** Every text is new; only what is around it comes again. */
function chat(random: Random): EventContent[] {
  return Array.from({ length: 200 }, (_, i) => {
    const text = Array.from(
      { length: whole(random, 4, 24) },
      () => CHAT_WORDS[whole(random, 0, CHAT_WORDS.length - 1)],
    );
    const id = Array.from({ length: 4 }, () => whole(random, 0, 0xffff).toString(16).padStart(4, '0')).join('');
    const user = `${TEAMS[whole(random, 0, 7)]?.toLowerCase()}${whole(random, 1, 9)}`;
    return { data: JSON.stringify({ id, user, sentAt: 1_790_000_000 + i * 3, text: text.join(' ') }) };
  });
}

function whole(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1));
}

const TRACES: Readonly<Record<(typeof TRACE_FILES)[number], (random: Random) => EventContent[]>> = {
  'order-book': orderBook,
  sports,
  vehicles,
  chat,
};

for (const [i, [name, make]] of Object.entries(TRACES).entries()) {
  const lines = make(randomFrom(i + 1)).map((entry) => `${JSON.stringify(entry)}\n`);
  writeFileSync(join(FOLDER, `${name}.ndjson`), lines.join(''));
}
