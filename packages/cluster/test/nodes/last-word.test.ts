import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import { BEAT_MS, Cluster, type Member } from './members.ts';

const CHANNELS = Array.from({ length: 20 }, (_, i) => `channel-${i}`);
/** What a node has for its end, and the steps of time in it. */
const CLOSE_MS = 2000;
const STEP_MS = 20;

/** Two nodes that share the webhooks; each channel has a subscriber on one of them. */
async function two(): Promise<{ cluster: Cluster; members: [Member, Member] }> {
  const cluster = new Cluster({ hasWebhooks: true });
  const members = (await cluster.grow(2)) as [Member, Member];
  // The second one takes its share when it would have noticed any death before its time.
  for (let beats = 0; beats < 12; beats++) await cluster.pass(BEAT_MS);
  for (const [i, channel] of CHANNELS.entries()) members[i % 2]?.subscribe(channel, 1);
  await cluster.pass(BEAT_MS);
  assert.deepEqual(told(members, 'channel_occupied'), CHANNELS.toSorted());
  for (const { webhooks } of members) {
    assert.ok(webhooks.length >= 4, `${webhooks.length} told`);
    webhooks.length = 0;
  }
  return { cluster, members };
}

function told(members: readonly Member[], wanted: string): string[] {
  const events = members.flatMap(({ webhooks }) => webhooks.filter(({ type }) => type === wanted));
  return events.map(({ channel }) => channel).toSorted();
}

function unsubscribe(members: readonly Member[], from: number): void {
  for (const [i, channel] of CHANNELS.entries()) if (i % 2 === from) members[i % 2]?.subscribe(channel, 0);
}

/** How long it took. */
async function passUntil(cluster: Cluster, done: Promise<unknown>): Promise<number> {
  let isDone = false;
  void done.then(() => (isDone = true));
  let ms = 0;
  for (; !isDone; ms += STEP_MS) {
    assert.ok(ms <= CLOSE_MS, 'the end is not over');
    await cluster.pass(STEP_MS);
  }
  return ms;
}

describe('Nodes that end together', () => {
  before(() => mock.timers.enable({ apis: ['setInterval', 'setTimeout'] }));
  after(() => mock.timers.reset());

  it('tell webhooks that the last clients have gone, each once, though those go in the last moment', async () => {
    const { cluster, members } = await two();
    for (const { others } of members) others.leaveWebhooks();
    await cluster.pass(STEP_MS);
    for (const from of [0, 1]) unsubscribe(members, from);
    await passUntil(cluster, Promise.all(members.map(({ others }) => others.close(CLOSE_MS))));
    assert.deepEqual(told(members, 'channel_vacated'), CHANNELS.toSorted());
    for (const { webhooks } of members) assert.ok(webhooks.length >= 4, 'both do');
  });

  it('do so when one has gone before the clients of the other have', async () => {
    const { cluster, members } = await two();
    const [first, second] = members;
    for (const { others } of members) others.leaveWebhooks();
    await cluster.pass(STEP_MS);
    unsubscribe(members, 0);
    await passUntil(cluster, first.others.close(CLOSE_MS));
    unsubscribe(members, 1);
    await passUntil(cluster, second.others.close(CLOSE_MS));
    assert.deepEqual(told(members, 'channel_vacated'), CHANNELS.toSorted());
  });

  it('leave it to the one that stays, and wait for nothing', async () => {
    const { cluster, members } = await two();
    const [ending, staying] = members;
    ending.others.leaveWebhooks();
    await cluster.pass(STEP_MS);
    for (const from of [0, 1]) unsubscribe(members, from);
    const tookMs = await passUntil(cluster, ending.others.close(CLOSE_MS));
    assert.ok(tookMs < 200, `${tookMs} ms`);
    await cluster.pass(BEAT_MS);
    assert.deepEqual(told([staying], 'channel_vacated'), CHANNELS.toSorted());
    assert.deepEqual(told([ending], 'channel_vacated'), []);
  });
});
