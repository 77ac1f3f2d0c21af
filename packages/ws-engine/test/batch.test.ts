import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Batch } from '../src/batch.ts';
import { MessageFrame } from '../src/frame.ts';

const [a, b, c] = ['a', 'bb', 'ccc'].map((text) => MessageFrame.ofText(text)) as [
  MessageFrame,
  MessageFrame,
  MessageFrame,
];

describe('the batch tree', () => {
  it('gives sockets with the same frames in the same order the same node, and one buffer', () => {
    const root = Batch.root();
    const first = root.append(a).append(b);
    const second = root.append(a).append(b);
    assert.equal(first, second);
    assert.equal(first.bytes(), second.bytes());
    assert.deepEqual(first.bytes(), Buffer.concat([a.bytes, b.bytes]));
  });

  it('keeps nodes apart whose frames or order differ', () => {
    const root = Batch.root();
    assert.notEqual(root.append(a).append(b), root.append(b).append(a));
    assert.deepEqual(root.append(b).append(a).frames(), [b, a]);
  });

  it('finds a continuation again after others came between', () => {
    const root = Batch.root();
    const first = root.append(a);
    root.append(b);
    root.append(c);
    assert.equal(root.append(a), first);
    assert.equal(root.append(b), root.append(b));
  });

  it('passes a lone frame on without a copy', () => {
    assert.equal(Batch.root().append(a).bytes(), a.bytes);
  });

  it('counts frames and bytes', () => {
    const node = Batch.root().append(a).append(b).append(c);
    assert.equal(node.count, 3);
    assert.equal(node.byteLength, a.bytes.length + b.bytes.length + c.bytes.length);
  });

  it('is for any interleaving of deliveries what a queue per socket would be', () => {
    const delivery = fc.record({ socket: fc.nat(4), frame: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(delivery, { maxLength: 200 }), (deliveries) => {
        const frames = Array.from({ length: 6 }, (_, i) => MessageFrame.ofText(`frame ${i}`));
        const root = Batch.root();
        const nodes = new Map<number, Batch>();
        const queues = new Map<number, MessageFrame[]>();
        for (const { socket, frame } of deliveries) {
          const given = frames[frame] ?? a;
          nodes.set(socket, (nodes.get(socket) ?? root).append(given));
          queues.set(socket, [...(queues.get(socket) ?? []), given]);
        }
        for (const [socket, queue] of queues) {
          const node = nodes.get(socket);
          assert.deepEqual(node?.frames(), queue);
          assert.deepEqual(node?.bytes(), Buffer.concat(queue.map((frame) => frame.bytes)));
          assert.equal(node?.count, queue.length);
        }
        const sequences = [...queues.values()].map((queue) => queue.map((frame) => frames.indexOf(frame)).join());
        assert.equal(new Set(nodes.values()).size, new Set(sequences).size);
      }),
    );
  });
});
