import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '@sluice/testkit';
import { type Client, Cluster, type Received } from './cluster.ts';
import { testApp } from './test-app.ts';

const app = testApp({ limits: { maxPresenceMembers: 6 } });
const CHANNEL = 'presence-x';

/** What one client believes: null until it has its list. */
interface View {
  readonly client: Client;
  members: Set<string> | null;
  gone: boolean;
}

function follow(view: View, frame: Received): void {
  if (frame.channel !== CHANNEL) return;
  const data = JSON.parse(String(frame.data)) as { presence?: { ids: string[] }; user_id?: string };
  if (frame.event === 'pusher_internal:subscription_succeeded') {
    assert.equal(view.members, null, 'a second list');
    view.members = new Set(data.presence?.ids);
  } else if (frame.event === 'pusher_internal:member_added') {
    assert.ok(view.members !== null, 'added before the list');
    assert.equal(view.members.has(data.user_id ?? ''), false, 'added twice');
    view.members.add(data.user_id ?? '');
  } else if (frame.event === 'pusher_internal:member_removed') {
    assert.ok(view.members !== null, 'removed before the list');
    assert.equal(view.members.delete(data.user_id ?? ''), true, 'removed without being there');
  }
}

/** Random joins, leaves and closes of eight users on three workers with slow lines to the primary. */
function runStory(random: Random): void {
  const cluster = new Cluster(3);
  const lines = cluster.workers.flatMap(({ registry }) => [registry.up, registry.down]);
  for (const line of lines) line.hold();
  const views: View[] = [];
  const look = (): void => {
    for (const view of views) for (const frame of view.client.received()) follow(view, frame);
  };
  for (let n = 0; n < 600; n++) {
    const action = random.below(12);
    const alive = views.filter((view) => !view.gone);
    if (action === 0 && alive.length < 15) {
      const client = random.pick(cluster.workers).connect(app);
      client.enter(CHANNEL, `u${random.below(8)}`);
      views.push({ client, members: null, gone: false });
    } else if (action === 1 && alive.length > 0) {
      const view = random.pick(alive);
      view.client.close();
      view.gone = true;
    } else if (action === 2 && alive.length > 0) {
      const view = random.pick(alive);
      if (view.members !== null) view.members = null;
      else continue;
      view.client.unsubscribe(CHANNEL);
      look();
      view.client.enter(CHANNEL, `u${random.below(8)}`);
    } else {
      random.pick(lines).step();
    }
    look();
  }
  // A line that is quiet may be filled again by another, so go round until none moves.
  for (let moved = true; moved;) {
    moved = false;
    for (const line of lines) while (line.step()) moved = true;
  }
  look();
  const truth = new Set(cluster.primary.members.get(`${app.id}:${CHANNEL}`)?.keys());
  for (const view of views) {
    if (!view.gone && view.members !== null) assert.deepEqual(view.members, truth);
  }
  for (const { client } of views) client.close();
  for (const line of lines) line.release();
  for (const line of lines) line.release();
  cluster.assertEmpty(app);
}

describe('members who come and go on several workers at once', () => {
  for (let seed = 1; seed <= 40; seed++) {
    it(`PR-26: every client's list with its events is the truth, nobody is added twice, nothing is left (seed ${seed})`, () => {
      runStory(new Random(seed));
    });
  }

  it('PR-26: fifty users who enter at once all end up with all fifty', () => {
    const big = testApp();
    const cluster = new Cluster(4);
    const random = new Random(99);
    const lines = cluster.workers.flatMap(({ registry }) => [registry.up, registry.down]);
    for (const line of lines) line.hold();
    const views = Array.from({ length: 50 }, (_, i): View => {
      const client = cluster.worker(i % 4).connect(big);
      client.enter(CHANNEL, `u${i}`);
      return { client, members: null, gone: false };
    });
    for (let n = 0; n < 5000; n++) random.pick(lines).step();
    for (const view of views) {
      for (const frame of view.client.received()) follow(view, frame);
      assert.equal(view.members?.size, 50);
    }
  });
});
