import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TopicRouter } from '../src/primary/topic-router.ts';

function interested(router: TopicRouter, topic: string): number[] {
  return [...router.interested(topic)].sort((a, b) => a - b);
}

describe('TopicRouter', () => {
  it('knows who wants a topic, once however often they joined', () => {
    const router = new TopicRouter();
    router.join(1, 'a');
    router.join(2, 'a');
    router.join(2, 'a');
    router.join(2, 'b');
    assert.deepEqual(interested(router, 'a'), [1, 2]);
    assert.deepEqual(interested(router, 'b'), [2]);
    assert.deepEqual(interested(router, 'c'), []);
  });

  it('forgets who leaves, and only them', () => {
    const router = new TopicRouter();
    router.join(1, 'a');
    router.join(2, 'a');
    router.leave(1, 'a');
    router.leave(1, 'a');
    router.leave(3, 'a');
    router.leave(1, 'unknown');
    assert.deepEqual(interested(router, 'a'), [2]);
    router.leave(2, 'a');
    assert.deepEqual(interested(router, 'a'), []);
  });

  it('forgets everything of an owner who has gone', () => {
    const router = new TopicRouter();
    for (const topic of ['a', 'b', 'c']) router.join(1, topic);
    router.join(2, 'b');
    router.dropOwner(1);
    assert.deepEqual(
      ['a', 'b', 'c'].map((topic) => interested(router, topic)),
      [[], [2], []],
    );
    router.join(1, 'c');
    assert.deepEqual(interested(router, 'c'), [1]);
  });

  it('takes names of object members for ordinary topics', () => {
    const router = new TopicRouter();
    assert.deepEqual(interested(router, '__proto__'), []);
    router.join(1, 'constructor');
    assert.deepEqual(interested(router, 'constructor'), [1]);
  });
});
