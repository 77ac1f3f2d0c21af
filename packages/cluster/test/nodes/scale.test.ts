import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import { Cluster, type Member } from './members.ts';

const MEMBERS = 100;
/** Longer than numbers of subscribers wait for others. */
const COUNTS_MS = 100;
/** What a node says of itself at each beat: that it lives, and the version of its registry. */
const SAID_PER_BEAT = 2;

describe('What the transport carries for a hundred nodes', () => {
  // One for all: it takes a hundred nodes their time to meet.
  const cluster = new Cluster();
  before(() => mock.timers.enable({ apis: ['setInterval', 'setTimeout'] }));
  after(() => mock.timers.reset());

  it('is, at rest, what each says of itself to each, and no more', async () => {
    for (const count of [10, 50, MEMBERS]) {
      await cluster.grow(count);
      const { taken, handed } = await cluster.atRest();
      assert.equal(taken, SAID_PER_BEAT * count);
      assert.deepEqual(handed, { '/nodes': SAID_PER_BEAT * count * count });
    }
  });

  it('grows with those that want a message, and with nothing else', async () => {
    const members = await cluster.grow(MEMBERS);
    const [origin, ...rest] = members as [Member, ...Member[]];
    for (const [topic, wanting] of [
      ['1:nobody', 0],
      ['1:one', 1],
      ['1:ten', 10],
      ['1:all', MEMBERS - 1],
    ] as const) {
      for (const member of rest.slice(0, wanting)) member.others.join(topic, () => {});
      await cluster.settle();
      const publishes = 5;
      const { taken, handed } = await cluster.trafficOf(() => {
        for (let i = 0; i < publishes; i++) {
          origin.others.gather(topic, Buffer.from(String(i)));
          origin.others.flush();
        }
      });
      assert.equal(taken, publishes, 'each message goes out once, however many nodes want it');
      assert.deepEqual(handed, wanting === 0 ? {} : { [topic]: publishes * wanting });
      const got = members.filter((member) => member.got.some((text) => text.startsWith(`${topic} `)));
      assert.equal(got.length, wanting);
    }
  });

  it('is one message to each for all the subscribers that come to a node in a moment', async () => {
    await cluster.atRest();
    const members = await cluster.grow(MEMBERS);
    const [busy] = members as [Member, ...Member[]];
    const { taken, handed } = await cluster.trafficOf(async () => {
      for (let count = 1; count <= 1000; count++) busy.subscribe('news', count);
      await cluster.pass(COUNTS_MS);
    });
    assert.equal(taken, 1);
    assert.deepEqual(handed, { '/registry': MEMBERS });
    assert.ok(members.every((member) => member.subscribersOf('news') === 1000));
  });

  it('is, for a newcomer, a few words with each node, and two of each to all', async () => {
    await cluster.atRest();
    const { handed } = await cluster.trafficOf(async () => {
      await cluster.grow(MEMBERS + 1);
      await cluster.atRest();
    });
    const toOne = Object.entries(handed).reduce(
      (sum, [topic, count]) => (topic.startsWith('/node/') ? sum + count : sum),
      0,
    );
    // Who is there; each one's snapshot, both ways, asked and given; its newest numbers, asked and given. A question may come twice.
    assert.ok(toOne <= 8 * MEMBERS, `${toOne} messages to one node`);
    assert.ok((handed['/registry'] ?? 0) <= 2 * MEMBERS * (MEMBERS + 1), `${handed['/registry']} changes`);
  });
});
