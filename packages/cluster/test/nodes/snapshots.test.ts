import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { encodeNotice } from '../../src/nodes/frames.ts';
import type { Replication } from '../../src/registry/replication.ts';
import { wholeSnapshot } from '../registry-node.ts';
import { BEAT_MS, Cluster, type Member } from './members.ts';

const CHANNELS = 8500;
/** No other message between nodes is as long as a piece of a snapshot. */
const PIECE_BYTES = 100_000;
/** Of 256 KiB and a third, within a mebibyte. */
const MOST_AT_ONCE = 4;

function replicationOf({ hub }: Member): Replication {
  assert.ok(hub.replication !== null);
  return hub.replication;
}

describe('A snapshot of many pieces', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setInterval', 'setTimeout'] }));
  afterEach(() => mock.timers.reset());

  it('goes out as the transport takes them, and once however often it is asked for', async () => {
    const cluster = new Cluster();
    const [first, second] = (await cluster.grow(2)) as [Member, Member];
    const channels = Array.from({ length: CHANNELS }, (_, i) => `${'x'.repeat(150)}${i}`);
    for (const channel of channels) first.subscribe(channel, 1);
    await cluster.pass(BEAT_MS);

    const { backplane, gateway } = first;
    let [sent, most] = [0, 0];
    const publish = backplane.publish.bind(backplane);
    backplane.publish = (topic, message, confirmed) => {
      publish(topic, message, confirmed);
      if (message.length >= PIECE_BYTES) sent++;
      most = Math.max(most, backplane.outbox.filter((each) => each.message.length >= PIECE_BYTES).length);
    };
    for (let times = 0; times < 3; times++) {
      backplane.give(`/node/${gateway.id}`, encodeNotice(second.gateway.id, { type: 'snapshot?' }));
      cluster.network.read(backplane);
      while (sent === 0) await nextTurn();
    }
    const { length } = wholeSnapshot(replicationOf(first));
    assert.ok(length > MOST_AT_ONCE, `${length} pieces`);
    assert.equal(sent, MOST_AT_ONCE, 'nothing more while they are not confirmed');
    await cluster.pass(BEAT_MS);
    assert.equal(most, MOST_AT_ONCE, 'pieces that wait for the transport together');
    assert.equal(sent, length);
    assert.ok(channels.every((channel) => second.subscribersOf(channel) === 1));
  });

  it('is not begun by a piece that comes after its node has gone', async () => {
    const cluster = new Cluster();
    const [first, second] = (await cluster.grow(2)) as [Member, Member];
    for (let i = 0; i < 3000; i++) second.subscribe(`${'x'.repeat(150)}${i}`, 1);
    const pieces = wholeSnapshot(replicationOf(second));
    const last = `${'x'.repeat(150)}2999`;
    const say = (notice: object): void => {
      first.backplane.give('/nodes', encodeNotice(second.gateway.id, notice));
      while (cluster.network.read(first.backplane));
    };
    const sayPiece = (place: number): void => {
      say({ type: 'snapshot', id: 7, place, of: pieces.length, data: pieces[place]?.toString('base64') });
    };
    say({ type: 'leave' });
    assert.deepEqual(first.gateway.nodes, []);
    sayPiece(0);
    say({ type: 'beat', turn: 1000, last: 0 });
    assert.deepEqual(first.gateway.nodes, [second.gateway.id]);
    for (let place = 1; place < pieces.length; place++) sayPiece(place);
    assert.equal(first.subscribersOf(last), undefined);
    for (let place = 0; place < pieces.length; place++) sayPiece(place);
    assert.equal(first.subscribersOf(last), 1);
  });
});
