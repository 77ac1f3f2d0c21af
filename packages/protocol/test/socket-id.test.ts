import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSocketId, isSocketId } from '../src/socket-id.ts';

describe('socket ids', () => {
  it('HS-03: have the form that every SDK validates', () => {
    for (let i = 0; i < 2000; i++) {
      const id = createSocketId();
      assert.match(id, /^\d+\.\d+$/);
      assert.equal(isSocketId(id), true);
    }
  });

  it('HS-04: 100 000 of them are distinct', () => {
    const ids = new Set<string>();
    for (let i = 0; i < 100_000; i++) ids.add(createSocketId());
    assert.equal(ids.size, 100_000);
  });

  it('are not in sequence: both halves spread over the whole range', () => {
    const halves = Array.from({ length: 4000 }, () => createSocketId().split('.').map(Number));
    for (const half of [0, 1]) {
      const above = halves.filter((pair) => (pair[half] ?? 0) > 0x7fff_ffff).length;
      // 2000 expected, standard deviation 32: ten of them never happen.
      assert.ok(above > 1680 && above < 2320, `${above} of 4000 in the upper half`);
    }
  });

  for (const id of ['1.1', '123.456', '0.0', `${'9'.repeat(20)}.${'9'.repeat(20)}`]) {
    it(`are recognised: ${id}`, () => {
      assert.equal(isSocketId(id), true);
    });
  }

  for (const id of [
    '',
    '.',
    '1',
    '1.',
    '.1',
    '1.1.1',
    '1.1:',
    ':1.1',
    '1.1\n',
    '\n1.1',
    ' 1.1',
    '-1.1',
    '1e3.1',
    'a.b',
    '１.１',
    `${'9'.repeat(21)}.1`,
  ]) {
    it(`are told from ${JSON.stringify(id)}`, () => {
      assert.equal(isSocketId(id), false);
    });
  }
});
