/** A document of about `bytes`, and what became of it; as frames. */
export interface Edited {
  readonly name: string;
  readonly base: Uint8Array;
  readonly target: Uint8Array;
}

interface Item {
  readonly id: number;
  readonly symbol: string;
  readonly price: number;
  readonly volume: number;
  readonly at: number;
}

const item = (id: number): Item => ({
  id,
  symbol: `SYM${id}`,
  price: ((id * 7919) % 100_000) / 100,
  volume: (id * 104_729) % 1_000_000,
  at: 1_700_000_000_000 + id * 37,
});

const moved = (old: Item): Item => ({ ...old, price: Math.round(old.price * 1337) / 1000, at: old.at + 1000 });

function frame(items: readonly Item[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ event: 'tick', channel: 'market', data: JSON.stringify(items) }));
}

/** Three records changed; a quarter of them changed and one is gone; all of them new. */
export function editedDocuments(bytes: number): readonly Edited[] {
  const items: Item[] = [];
  while (frame(items).length < bytes)
    for (let n = Math.ceil((bytes - frame(items).length) / 100); n > 0; n--) items.push(item(items.length));
  const base = frame(items);
  const few = items.map((old, i) =>
    [1, 2, 3].some((n) => i === Math.floor((n * items.length) / 4)) ? moved(old) : old,
  );
  const many = items.map((old, i) => (i % 4 === 0 ? moved(old) : old)).toSpliced(3, 1);
  const all = items.map((_, i) => item(i * 31 + 1_000_003));
  return [
    { name: 'few edits', base, target: frame(few) },
    { name: 'many edits', base, target: frame(many) },
    { name: 'all new', base, target: frame(all) },
  ];
}
