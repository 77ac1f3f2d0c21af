import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Sequences } from '../src/sequences.ts';
import type { Track } from '../src/track.ts';
import { TrackStore, type TrackStoreOptions } from '../src/track-store.ts';

const START = Date.UTC(2026, 10, 24);
const memory = { maxBytes: 1e9, usedBytes: 0 };

function storeWith(options: Partial<TrackStoreOptions> = {}): TrackStore {
  const limits = { maxMessagesPerKey: 3, maxKeys: 3, maxStateAgeMs: 1000 };
  return new TrackStore({
    ...limits,
    keyed: false,
    memory: { ...memory },
    sequences: new Sequences(() => START),
    ...options,
  });
}

function push(store: TrackStore, key: string, { bytes = 10, at = 0 } = {}): { track: Track; sequence: number } {
  const track = store.track(key, at);
  return { track, sequence: store.push(track, { bytes: new Uint8Array(bytes), sentAt: at, id: undefined }) };
}

const keys = (store: TrackStore): string[] => store.recent().map(({ key }) => key);
const sizes = ({ bases }: Track): number[] => bases.map(({ bytes }) => bytes.length);

describe('the tracks of a channel', () => {
  it('keep `max_messages_per_key` frames each', () => {
    const store = storeWith();
    for (const bytes of [1, 2, 3, 4, 5]) push(store, '', { bytes });
    assert.deepEqual(sizes(store.track('', 0)), [3, 4, 5]);
    assert.equal(store.bytes, 12);
  });

  it('are `max_conflation_keys` at most: the one used longest ago goes', () => {
    const store = storeWith({ keyed: true });
    for (const key of ['a', 'b', 'c', 'a', 'd']) push(store, key);
    assert.deepEqual(keys(store), ['d', 'a', 'c']);
    assert.equal(store.bytes, 40);
  });

  it('go once their frames are too old', () => {
    const store = storeWith({ keyed: true });
    push(store, 'a', { at: 0 });
    push(store, 'b', { at: 0 });
    push(store, 'b', { at: 500 });
    store.expire(1000);
    assert.deepEqual(keys(store), ['b', 'a']);
    store.expire(1001);
    assert.deepEqual(keys(store), ['b']);
    assert.equal(store.track('b', 1001).length, 1);
    store.expire(1501);
    assert.deepEqual([store.size, store.bytes], [0, 0]);
  });

  it('hold 8 MiB together: first older frames of the key go, then keys used longest ago', () => {
    const store = storeWith({ keyed: true, maxKeys: 100, maxMessagesPerKey: 10 });
    const MIB = 1024 * 1024;
    for (let n = 0; n < 10; n++) push(store, 'a', { bytes: MIB });
    assert.equal(store.track('a', 0).length, 8);
    push(store, 'b', { bytes: MIB });
    assert.deepEqual([keys(store), store.bytes], [['b'], MIB]);
    for (const key of ['c', 'd', 'e', 'f', 'g', 'h', 'i']) push(store, key, { bytes: MIB });
    assert.equal(store.size, 8);
    push(store, 'j', { bytes: MIB });
    assert.deepEqual([store.size, keys(store).at(-1)], [8, 'c']);
  });

  it('share the memory of all channels, and take nothing where others have used it up', () => {
    const shared = { maxBytes: 100, usedBytes: 0 };
    const [one, other] = [storeWith({ memory: shared }), storeWith({ memory: shared })];
    push(one, '', { bytes: 60 });
    push(other, '', { bytes: 40 });
    assert.equal(push(other, '', { bytes: 41 }).sequence, 0);
    assert.equal(shared.usedBytes, 60);
    assert.notEqual(push(other, '', { bytes: 40 }).sequence, 0);
    one.clear();
    assert.equal(shared.usedBytes, 40);
  });

  it('start anew at the first key', () => {
    const store = storeWith();
    const { sequence } = push(store, '');
    assert.equal(store.keyed, false);
    push(store, 'a');
    assert.equal(store.keyed, true);
    assert.equal(store.track('', 0).base(sequence), undefined);
  });

  it('give the slots of tracks that ended to others', () => {
    const store = storeWith({ keyed: true });
    const slots = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => push(store, key).track.slot);
    assert.deepEqual(slots, [0, 1, 2, 0, 1, 2]);
  });
});

describe('the numbers of frames', () => {
  it('count quarters of milliseconds since 2026, and grow by one within one', () => {
    const store = storeWith();
    const first = (START - Date.UTC(2026, 0, 1)) * 16;
    assert.deepEqual([push(store, '').sequence, push(store, '').sequence], [first, first + 1]);
    assert.ok(first < 2 ** 53);
  });

  it('never come twice on a channel, whatever ends and begins again, and whatever the clock does', () => {
    let now = START;
    const sequences = new Sequences(() => now);
    const seen = new Set<number>();
    for (let n = 0; n < 2000; n++) {
      const store = storeWith({ keyed: true, sequences, maxKeys: 2 });
      for (const key of ['a', 'b', 'c', 'a']) {
        const { sequence } = push(store, key);
        if (key === 'a') assert.ok(!seen.has(sequence), `${sequence} came twice`);
        if (key === 'a') seen.add(sequence);
      }
      store.clear();
      now += [-1000, 0, 1, 5][n % 4] ?? 0;
    }
  });

  it('are not those of another process that was started later or has run all the time', () => {
    let now = START;
    const [one, other] = [new Sequences(() => now), new Sequences(() => now)];
    const given = new Set<number>();
    let last = 0;
    for (; now < START + 1000; now++) {
      for (let n = 0; n < 4; n++) {
        last = one.next(last);
        given.add(last);
      }
    }
    // The client comes back.
    now += 1;
    assert.ok(!given.has(other.next(0)));
  });
});
