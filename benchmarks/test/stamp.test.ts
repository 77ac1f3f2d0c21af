import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clientFrame, TEXT_FRAME } from '../src/load/client-frame.ts';
import { DATA_BYTES, isStamped, numberAt, publisherAt, sentAt, stampedData } from '../src/load/stamp.ts';

test('a stamp is read back as it was written', () => {
  for (const stamp of [
    { publisher: 0, number: 0, sentAtMicros: 0 },
    { publisher: 7, number: 1_234_567, sentAtMicros: 0x9abcdef0 },
    { publisher: 255, number: 0xffffff, sentAtMicros: 0xffffffff },
  ]) {
    const bytes = Buffer.from(`{"data":"${stampedData(stamp)}"}`);
    assert.ok(isStamped(bytes, 9));
    assert.deepEqual(
      { publisher: publisherAt(bytes, 9), number: numberAt(bytes, 9), sentAtMicros: sentAt(bytes, 9) },
      stamp,
    );
  }
});

test('a time beyond 32 bits is taken modulo 2^32', () => {
  const bytes = Buffer.from(stampedData({ publisher: 0, number: 0, sentAtMicros: 5 * 2 ** 32 + 42 }));
  assert.equal(sentAt(bytes, 0), 42);
});

test('stamped data has a fixed width and needs no JSON escape', () => {
  const data = stampedData({ publisher: 255, number: 0x123456, sentAtMicros: 0x789abcde });
  assert.equal(data.length, DATA_BYTES);
  assert.equal(JSON.stringify(data), `"${data}"`);
});

test('a client frame is masked', () => {
  assert.equal(clientFrame(TEXT_FRAME, Buffer.from('Hello')).toString('hex'), '81855a13c72e1276ab4235');
  const long = clientFrame(TEXT_FRAME, Buffer.alloc(300));
  assert.equal(long.subarray(0, 8).toString('hex'), '81fe012c5a13c72e');
  assert.equal(long.length, 308);
});
