import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import { encodeNotice } from '../../src/nodes/frames.ts';
import { BEAT_MS, Cluster, type Member } from './members.ts';

const CHANNELS = 5000;
/** No other message between nodes is as long as a piece of a snapshot. */
const PIECE_BYTES = 100_000;

describe('A snapshot of many pieces', () => {
  before(() => mock.timers.enable({ apis: ['setInterval', 'setTimeout'] }));
  after(() => mock.timers.reset());

  it('goes out one by one, as the transport takes them, and once however often it is asked for', async () => {
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
    }
    assert.equal(sent, 1, 'nothing but the first piece while that is not confirmed');
    await cluster.pass(BEAT_MS);
    assert.equal(most, 1, 'pieces that wait for the transport together');
    assert.ok(sent > 2, `${sent} pieces`);
    assert.ok(channels.every((channel) => second.subscribersOf(channel) === 1));
  });
});
