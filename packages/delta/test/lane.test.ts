import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lane, type LaneItem, type Pace } from '../src/lane.ts';

class Scene {
  readonly log: string[] = [];
  readonly errors: unknown[] = [];
  readonly lane = new Lane<LaneItem>({ maxWaiting: 3, onError: (error) => this.errors.push(error) });

  /** Adds an entry; `settle` resolves what it waits for. */
  slow(name: string): { settle: () => Promise<void> } {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#add(name, promise);
    return {
      settle: async () => {
        resolve();
        await new Promise(setImmediate);
      },
    };
  }

  quick(name: string): void {
    this.#add(name, undefined);
  }

  failingToSettle(name: string): void {
    this.#add(name, Promise.reject(new Error('settle')));
  }

  #add(name: string, settled: Promise<void> | undefined): void {
    this.lane.add({
      start: (pace: Pace) => {
        this.log.push(`start ${name} ${pace}`);
        return { settled };
      },
      deliver: () => this.log.push(name),
    });
  }

  failing(where: 'start' | 'deliver'): void {
    this.lane.add({
      start: () => {
        if (where === 'start') throw new Error('start');
        return { settled: undefined };
      },
      deliver: () => {
        throw new Error('deliver');
      },
    });
  }
}

describe('a lane', () => {
  it('delivers at once what is ready', () => {
    const scene = new Scene();
    scene.quick('a');
    scene.quick('b');
    assert.deepEqual(scene.log, ['start a calm', 'a', 'start b calm', 'b']);
    assert.equal(scene.lane.occupied, false);
  });

  it('keeps the order while something is pending, and starts each when its turn has come', async () => {
    const scene = new Scene();
    const a = scene.slow('a');
    scene.quick('b');
    const c = scene.slow('c');
    scene.quick('d');
    await c.settle();
    assert.deepEqual(scene.log, ['start a calm']);
    await a.settle();
    assert.deepEqual(scene.log.slice(1), ['a', 'start b calm', 'b', 'start c calm', 'c', 'start d calm', 'd']);
    assert.equal(scene.lane.occupied, false);
  });

  it('lets everything go, in order, when too much waits', async () => {
    const scene = new Scene();
    const a = scene.slow('a');
    for (const name of ['b', 'c']) scene.quick(name);
    scene.slow('d');
    assert.deepEqual(scene.log, ['start a calm']);
    scene.quick('e');
    const rest = ['a', 'start b hurried', 'b', 'start c hurried', 'c', 'start d hurried', 'd', 'start e hurried', 'e'];
    assert.deepEqual(scene.log.slice(1), rest);
    assert.equal(scene.lane.occupied, false);
    await a.settle();
    assert.equal(scene.log.length, 10);
    scene.quick('f');
    assert.deepEqual(scene.log.slice(10), ['start f calm', 'f']);
  });

  it('takes what is added during a delivery after what waits already', () => {
    const scene = new Scene();
    scene.lane.add({
      start: () => ({ settled: undefined }),
      deliver: () => {
        scene.quick('inner');
        scene.log.push('outer');
      },
    });
    assert.deepEqual(scene.log, ['outer', 'start inner calm', 'inner']);
  });

  it('delivers what fails to settle, in its place, and reports it', async () => {
    const scene = new Scene();
    scene.failingToSettle('a');
    scene.quick('b');
    await new Promise(setImmediate);
    assert.deepEqual(scene.log, ['start a calm', 'a', 'start b calm', 'b']);
    assert.deepEqual(scene.errors, [new Error('settle')]);
  });

  for (const where of ['start', 'deliver'] as const) {
    it(`goes on after an entry whose ${where} throws`, async () => {
      const scene = new Scene();
      assert.throws(() => scene.failing(where), { message: where });
      const a = scene.slow('a');
      scene.failing(where);
      scene.quick('b');
      await a.settle();
      assert.deepEqual(scene.log, ['start a calm', 'a', 'start b calm', 'b']);
      assert.deepEqual(scene.errors, [new Error(where)]);
      assert.equal(scene.lane.occupied, false);
    });
  }
});
