import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Base, Bases } from '../src/bases.ts';

function base(seq: number, length = 10): Base {
  return { seq, bytes: new Uint8Array(length).fill(seq) };
}

const LIMITS = { baseBytes: 100, keysPerChannel: 3, basesPerKey: 2 };

it('the last bases of each key are kept, and of equal numbers the newest is found', () => {
  const bases = new Bases(LIMITS);
  const id = { channel: 'c', key: '__proto__' };
  for (const seq of [1, 2, 3]) bases.add(id, base(seq));
  assert.deepEqual(
    [1, 2, 3].map((seq) => bases.find(id, seq)?.seq),
    [undefined, 2, 3],
  );
  assert.equal(bases.find(id, undefined)?.seq, 3);
  bases.add(id, base(3, 11));
  assert.equal(bases.find(id, 3)?.bytes.length, 11);
  assert.equal(bases.bytes, 21);
  assert.equal(bases.find({ channel: 'c', key: 'other' }, 3), undefined);
});

it('keys are bounded by channel: the one unused for longest goes', () => {
  const bases = new Bases(LIMITS);
  for (const key of ['a', 'b', 'c', 'a', 'd']) bases.add({ channel: 'c', key }, base(1));
  assert.equal(bases.tracks, 3);
  assert.equal(bases.find({ channel: 'c', key: 'b' }, 1), undefined);
  assert.equal(bases.find({ channel: 'c', key: 'a' }, 1)?.seq, 1);
});

it('bytes are bounded over all channels', () => {
  const bases = new Bases(LIMITS);
  for (let i = 0; i < 50; i++) bases.add({ channel: `c${i}`, key: '' }, base(i, 40));
  assert.equal(bases.bytes, 80);
  assert.equal(bases.tracks, 2);
  bases.add({ channel: 'large', key: '' }, base(1, 101));
  assert.equal(bases.bytes, 0);
});

it('a channel is forgotten whole', () => {
  const bases = new Bases(LIMITS);
  for (const key of ['a', 'b']) bases.add({ channel: 'c', key }, base(1));
  bases.add({ channel: 'd', key: 'a' }, base(1));
  bases.forget('c');
  bases.forget('never seen');
  assert.equal(bases.bytes, 10);
  assert.equal(bases.find({ channel: 'd', key: 'a' }, 1)?.seq, 1);
});
