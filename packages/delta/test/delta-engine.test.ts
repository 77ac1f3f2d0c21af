import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Algorithm, type DeltaRules, FossilCodec, type Publication } from '../src/index.ts';
import { NaiveClient } from './naive-client.ts';
import { type Sent, SimulatedWorker, type Subscriber } from './simulated-worker.ts';

/** Of about 300 bytes, of which a few differ. */
const text = (n: number | string): string =>
  `{"event":"tick","channel":"market","data":"{\\"price\\":${n},\\"note\\":\\"${'unchanged '.repeat(25)}\\"}"}`;

interface Scene {
  readonly worker: SimulatedWorker;
  readonly subscriber: Subscriber;
  /** Publishes and tells what the subscriber got: `full`, `delta` or `plain`. */
  readonly publish: (n: number | string, sent?: Partial<Sent>) => string;
}

function scene(rules: Partial<DeltaRules> = {}, options: ConstructorParameters<typeof SimulatedWorker>[0] = {}): Scene {
  const worker = new SimulatedWorker({ ...options, rules });
  const subscriber = worker.subscribe(new NaiveClient('fossil'), 'fossil');
  return {
    worker,
    subscriber,
    publish: (n, sent = {}) => {
      worker.publish({ text: text(n), key: '', mode: 'auto', misses: () => false, ...sent });
      assert.deepEqual(subscriber.client.texts, subscriber.expected);
      return kindOf(worker.sent.at(-1) ?? '');
    },
  };
}

function kindOf(frame: string): string {
  if (frame.startsWith('{"event":"pusher:delta"')) return 'delta';
  return frame.includes('"__delta_seq":') ? 'full' : 'plain';
}

describe('what a subscriber gets', () => {
  it('is a full frame, then deltas', () => {
    const { publish, worker } = scene();
    assert.deepEqual(
      [1, 2, 3].map((n) => publish(n)),
      ['full', 'delta', 'delta'],
    );
    assert.deepEqual([worker.counters.deltas, worker.counters.fulls.first], [2, 1]);
  });

  it('is a full frame after `full_message_interval` deltas', () => {
    const { publish, worker } = scene({ fullMessageInterval: 2 });
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6, 7].map((n) => publish(n)),
      ['full', 'delta', 'delta', 'full', 'delta', 'delta', 'full'],
    );
    assert.equal(worker.counters.fulls.interval, 2);
  });

  it('is a full frame after `max_state_age_secs`', () => {
    const { publish, worker } = scene({ maxStateAgeMs: 1000 });
    publish(1);
    worker.clock.ms += 1000;
    assert.equal(publish(2), 'delta');
    worker.clock.ms += 1001;
    assert.equal(publish(3), 'full');
    assert.equal(publish(4), 'delta');
    assert.equal(worker.counters.fulls.age, 1);
  });

  it('is the plain frame where it is shorter than `min_message_size`, and the base stays', () => {
    const { publish, worker } = scene({ minMessageBytes: text(1).length });
    publish(1);
    const short = text('').replace('unchanged', '');
    assert.equal(publish('', { text: short }), 'plain');
    assert.equal(worker.sent.at(-1), short);
    assert.equal(publish(2), 'delta');
    assert.equal(worker.counters.plains.small, 1);
  });

  it('is the plain frame where the publisher said `"delta": false`, and the base stays', () => {
    const { publish, worker } = scene();
    publish(1);
    assert.equal(publish(2, { mode: 'plain' }), 'plain');
    assert.equal(worker.sent.at(-1), text(2));
    assert.equal(publish(3), 'delta');
    assert.equal(worker.counters.plains.opted_out, 1);
  });

  it('is a full frame where one is asked for, which becomes a base', () => {
    const { publish, worker } = scene();
    assert.deepEqual([publish(1), publish(2, { mode: 'full' }), publish(3)], ['full', 'full', 'delta']);
    assert.equal(worker.counters.fulls.asked, 1);
  });

  it('is a full frame where a delta frame would hardly be shorter, with base64 and envelope', () => {
    const { publish, worker } = scene();
    publish(1);
    const other = (letter: string): string =>
      text(1).replace(/unchanged /g, () => `${letter}${Math.random().toString(36).slice(2, 11)}`);
    assert.equal(publish('', { text: other('x') }), 'full');
    assert.equal(worker.counters.fulls.gain, 1);
    const frames = worker.sent;
    for (let kept = 0; kept < 25; kept++) {
      // Ever less of the frame differs, until a delta is worth it.
      const next = text(2).replace(
        'unchanged '.repeat(25),
        () =>
          'same '.repeat(2 * kept) +
          Math.random()
            .toString(36)
            .repeat(25 - kept),
      );
      if (publish('', { text: next }) === 'delta') {
        assert.ok((frames.at(-1)?.length ?? 0) <= next.length * 0.9);
      }
    }
    assert.ok(worker.counters.deltas > 3);
  });

  it('is judged by the form in which it travels', () => {
    const { publish, worker } = scene();
    const client = new NaiveClient('fossil');
    const binary = worker.subscribe(client, 'fossil', 'binary');
    publish(1);
    // Of a text that short, base64 and names are as much as what is left out.
    for (let n = 2; n < 40 && binary.client.misses === 0; n++)
      publish(n, { text: text(n).replace('unchanged '.repeat(25), 'unchanged '.repeat(9)) });
    const [inBytes, inJson] = [
      worker.sent.filter((sent) => !sent.startsWith('{')),
      worker.sent.filter((sent) => sent.startsWith('{"event":"pusher:delta"')),
    ];
    assert.ok(inBytes.length > 20, `${inBytes.length}`);
    assert.equal(inJson.length, 0);
    assert.deepEqual(client.texts, binary.expected);
  });

  it('is a plain frame where clients would cut too much out of it', () => {
    const { publish, worker } = scene();
    const marked = text(1).replace(/}$/, ',"tags":{"a":"b","__conflation_key":"x"}}');
    assert.equal(publish(1, { text: marked }), 'plain');
    assert.equal(worker.sent.at(-1), marked);
    assert.equal(worker.counters.plains.marks, 1);
  });

  it('is the plain frame where it is larger than codecs take', () => {
    const { publish, worker } = scene();
    assert.equal(publish('9'.repeat(1024 * 1024)), 'plain');
    assert.equal(worker.counters.plains.large, 1);
  });

  it('is the plain frame where there is no memory for it', () => {
    const { publish, worker } = scene({}, { maxTrackBytes: 100 });
    assert.equal(publish(1), 'plain');
    assert.equal(worker.counters.plains.memory, 1);
    assert.equal(worker.engine.trackBytes, 0);
  });
});

describe('the literal frames', () => {
  it('are those of the protocol', () => {
    const { publish, worker } = scene({ conflationKey: 'asset' }, { toldAlgorithm: 'fossil' });
    publish(1, { key: 'BTC' });
    publish(2, { key: 'BTC' });
    const first = (worker.clock.ms - Date.UTC(2026, 0, 1)) * 16;
    assert.equal(worker.sent[0], text(1).replace(/}$/, `,"__delta_seq":${first},"__conflation_key":"BTC"}`));
    const patch = Buffer.from(
      new FossilCodec().encode(Buffer.from(text(1)), Buffer.from(text(2)), 1000) ?? [],
    ).toString('base64');
    assert.equal(
      worker.sent[1],
      `{"event":"pusher:delta","channel":"market","data":{"event":"tick","delta":"${patch}","seq":${first + 1},"conflation_key":"BTC","base_index":${first}}}`,
    );
  });

  it('name an algorithm that the client was not told', () => {
    const { publish, worker } = scene({}, { toldAlgorithm: 'xdelta3' });
    publish(1);
    publish(2);
    assert.match(worker.sent[1] ?? '', /,"algorithm":"fossil",/);
  });
});

describe('what is computed', () => {
  const crowd = (worker: SimulatedWorker, algorithm: Algorithm, count: number): Subscriber[] =>
    Array.from({ length: count }, () => worker.subscribe(new NaiveClient(algorithm), algorithm));

  it('is one patch for each algorithm and publication, and one text for each frame, however many subscribe', () => {
    const { publish, worker } = scene();
    crowd(worker, 'fossil', 50);
    crowd(worker, 'xdelta3', 50);
    publish(1);
    assert.equal(worker.prepared, 1);
    publish(2);
    publish(3);
    assert.deepEqual(worker.counters.computed, { fossil: 2, xdelta3: 2 });
    assert.equal(worker.prepared, 5);
  });

  it('is a patch for an older base where enough share it, and none for a single one', () => {
    const { publish, worker, subscriber } = scene();
    const late = crowd(worker, 'fossil', 2);
    publish(1);
    publish(2, { misses: (one) => one !== subscriber });
    worker.sent.length = 0;
    publish(3);
    assert.deepEqual(worker.sent.map(kindOf), ['delta', 'delta', 'delta']);
    assert.equal(worker.counters.computed.fossil, 3);
    publish(4, { misses: (one) => one === late[0] });
    worker.sent.length = 0;
    publish(5);
    assert.deepEqual(worker.sent.map(kindOf), ['delta', 'full', 'delta']);
  });

  it('is nothing where nobody holds a base', () => {
    const { publish, worker, subscriber } = scene();
    publish(1);
    subscriber.held.clear();
    assert.equal(publish(2), 'full');
    assert.deepEqual([worker.counters.computed.fossil, worker.counters.fulls.nobody], [0, 1]);
  });

  it('is nothing where another worker has computed it for the same base', () => {
    const { publish, worker } = scene();
    const bytes = new FossilCodec().encode(Buffer.from(text(1)), Buffer.from(text(2)), 1000) ?? new Uint8Array();
    const patches: Publication['patches'] = [{ algorithm: 'fossil', baseId: 'm1', bytes }];
    publish(1, { id: 'm1' });
    assert.equal(publish(2, { id: 'm2', patches }), 'delta');
    assert.deepEqual([worker.counters.computed.fossil, worker.counters.reused.fossil], [0, 1]);
    // The base is another one now.
    assert.equal(publish(3, { id: 'm3', patches }), 'delta');
    assert.deepEqual([worker.counters.computed.fossil, worker.counters.reused.fossil], [1, 1]);
  });
});

describe('a late subscriber', () => {
  it('starts on deltas of all keys, on channels with keys', () => {
    const { publish, worker, subscriber } = scene({ conflationKey: 'asset' });
    for (const key of ['BTC', 'ETH', '']) publish(key.length, { key });
    worker.subscribers.delete(subscriber);
    const late = worker.subscribe(new NaiveClient('fossil'), 'fossil');
    worker.sync(late);
    for (const key of ['BTC', 'ETH', '']) {
      worker.publish({ text: text(7), key, mode: 'auto', misses: () => false });
      assert.equal(kindOf(worker.sent.at(-1) ?? ''), 'delta');
    }
    assert.deepEqual(late.client.texts, late.expected);
  });

  it('gets the text that was made for the one before it, while nothing is published', () => {
    const { publish, worker } = scene({ conflationKey: 'asset' });
    publish(1, { key: 'BTC' });
    const before = worker.prepared;
    for (let n = 0; n < 10; n++) worker.sync(worker.subscribe(new NaiveClient('fossil'), 'fossil'));
    assert.equal(worker.prepared, before + 1);
    publish(2, { key: 'ETH' });
    worker.sync(worker.subscribe(new NaiveClient('fossil'), 'fossil'));
    assert.match(worker.sent.at(-1) ?? '', /BTC.*ETH|ETH.*BTC/);
  });

  it('gets no more than 64 KiB, of the keys heard of last, and holds nothing of the others', () => {
    const { worker, subscriber } = scene({ conflationKey: 'asset' });
    const large = (n: number): string => text('x'.repeat(30_000) + n);
    for (const key of ['A', 'B', 'C']) worker.publish({ text: large(1), key, mode: 'auto', misses: () => false });
    worker.sync(subscriber);
    assert.doesNotMatch(worker.sent.at(-1) ?? '', /\\"A\\":\[/);
    worker.sent.length = 0;
    for (const key of ['A', 'B', 'C']) worker.publish({ text: large(2), key, mode: 'auto', misses: () => false });
    assert.deepEqual(worker.sent.map(kindOf), ['full', 'delta', 'delta']);
    assert.deepEqual(subscriber.client.texts, subscriber.expected);
  });

  it('gets no bases on a channel without keys, nor where nothing is kept or all is too old', () => {
    assert.equal(scene().worker.channel.cacheSync, undefined);
    const { publish, worker } = scene({ conflationKey: 'asset', maxStateAgeMs: 1000 });
    assert.equal(worker.channel.cacheSync?.frame(0), undefined);
    publish(1, { key: 'BTC' });
    assert.ok(worker.channel.cacheSync?.frame(worker.clock.monotonic()));
    assert.equal(worker.channel.cacheSync?.frame(worker.clock.monotonic() + 1001), undefined);
  });
});
