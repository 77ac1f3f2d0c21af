import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FakeWorker } from './fake-worker.ts';
import { Node, settle } from './hub-node.ts';

describe('Topic messages between workers', () => {
  it('reach those who joined the topic, in order, and never their sender', async () => {
    const [one, two, three] = new Node().three();
    await Promise.all([one.join('1:a'), two.join('1:a'), three.join('1:b')]);
    for (let i = 0; i < 5; i++) one.backbone.publish('1:a', Buffer.from(String(i)));
    two.backbone.publish('1:a', Buffer.from('x'));
    three.backbone.publish('1:a', Buffer.from('y'));
    await settle(one, two, three);
    assert.deepEqual(one.log, ['1:a=x', '1:a=y']);
    assert.deepEqual(
      two.log.filter((entry) => entry !== '1:a=y'),
      [0, 1, 2, 3, 4].map((i) => `1:a=${i}`),
    );
    assert.ok(two.log.includes('1:a=y'));
    assert.deepEqual(three.log, []);
  });

  it('stop with the leave', async () => {
    const [one, two] = new Node().three();
    await two.join('1:a');
    two.backbone.leave('1:a');
    await two.settled();
    one.backbone.publish('1:a', Buffer.from('late'));
    await settle(one, two);
    assert.deepEqual(two.log, []);
  });

  it('reach nobody twice who joined twice', async () => {
    const [one, two] = new Node().three();
    await Promise.all([two.join('1:a'), two.join('1:a')]);
    one.backbone.publish('1:a', Buffer.from('once'));
    await settle(one, two);
    assert.deepEqual(two.log, ['1:a=once']);
  });

  it('come through whole when they are large and many', async () => {
    const [one, two] = new Node().three();
    await two.join('1:a');
    const text = 'z'.repeat(300_000);
    for (let i = 0; i < 20; i++) one.backbone.publish('1:a', Buffer.from(`${i}${text}`));
    await settle(one, two);
    assert.deepEqual(
      two.log,
      Array.from({ length: 20 }, (_, i) => `1:a=${i}${text}`),
    );
  });

  it('of a worker that has died meanwhile still reach the others', async () => {
    const node = new Node();
    const [one, two] = node.three();
    await two.join('1:a');
    one.backbone.publish('1:a', Buffer.from('accepted'));
    node.hub.detach(1);
    await settle(two);
    await nextTurn();
    assert.deepEqual(two.log, ['1:a=accepted']);
  });
});
describe('What was published is taken up', () => {
  /** Whether it has settled by the time that everything on its way has come. */
  async function isSettled(promise: Promise<void> | undefined, workers: readonly FakeWorker[]): Promise<boolean> {
    let settled = false;
    void promise?.then(() => (settled = true));
    for (let i = 0; i < 5; i++) {
      await settle(...workers);
      await nextTurn();
    }
    return settled;
  }

  it('at once when nobody else wants it', async () => {
    const [one, two, three] = new Node().three();
    await one.join('1:a');
    one.backbone.publish('1:a', Buffer.from('x'));
    two.answer = () => undefined;
    await one.backbone.takenUp();
    assert.deepEqual([one.log, two.log, three.log], [[], [], []]);
  });

  it('when all who want it have it, and not before', async () => {
    const [one, two, three] = new Node().three();
    await Promise.all([two.join('1:a'), three.join('1:a')]);
    let release = (): void => {};
    three.answer = () => undefined;
    three.held = (answer) => (release = answer);
    one.backbone.publish('1:a', Buffer.from('x'));
    const takenUp = one.backbone.takenUp();
    assert.equal(await isSettled(takenUp, [one, two, three]), false);
    assert.deepEqual(three.log, ['1:a=x']);
    release();
    await takenUp;
  });

  it('without waiting for a worker that dies meanwhile', async () => {
    const node = new Node();
    const [one, two] = node.three();
    await two.join('1:a');
    two.answer = () => undefined;
    one.backbone.publish('1:a', Buffer.from('x'));
    const takenUp = one.backbone.takenUp();
    assert.equal(await isSettled(takenUp, [one]), false);
    node.hub.detach(2);
    await takenUp;
  });

  it('without waiting long for a worker that does not answer, and not again until it has', async () => {
    const [one, two] = new Node().three();
    await two.join('1:a');
    const held: (() => void)[] = [];
    two.answer = () => undefined;
    two.held = (answer) => held.push(answer);
    const publish = async (): Promise<number> => {
      const startedAt = performance.now();
      one.backbone.publish('1:a', Buffer.from('x'));
      await one.backbone.takenUp();
      return performance.now() - startedAt;
    };
    assert.ok((await publish()) >= 240);
    assert.ok((await publish()) < 200, 'the second publish waited again');
    for (const answer of held.splice(0)) answer();
    await settle(one, two);
    assert.ok((await publish()) >= 240, 'a worker that answered again is not waited for');
  });

  it('with one question for all that a turn publishes', async () => {
    const [one, two] = new Node().three();
    await two.join('1:a');
    let echoes = 0;
    two.answer = () => {
      echoes++;
      return null;
    };
    const waiting = Array.from({ length: 20 }, async (_, i) => {
      one.backbone.publish('1:a', Buffer.from(String(i)));
      await one.backbone.takenUp();
    });
    await Promise.all(waiting);
    assert.equal(two.log.length, 20);
    assert.equal(echoes, 1);
  });
});
