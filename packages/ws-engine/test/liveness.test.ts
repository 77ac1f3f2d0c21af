import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import fc from 'fast-check';
import type { WebSocket } from 'ws';
import { ClientSocket } from '../src/client-socket.ts';
import { Liveness, type LivenessOptions } from '../src/liveness.ts';
import { FakeOwner, FakeSocket, FakeWebSocket } from './fake-web-socket.ts';

const TICK_MS = 250;

const SHORT: LivenessOptions = {
  activityTimeoutMs: 1000,
  pongTimeoutMs: 500,
  pingIntervalMs: null,
  idleTimeoutMs: null,
};
/** What the server has without configuration. */
const DEFAULTS: LivenessOptions = {
  activityTimeoutMs: 120_000,
  pongTimeoutMs: 30_000,
  pingIntervalMs: 30_000,
  idleTimeoutMs: 120_000,
};

class WatchedClient {
  /** `ping` or the code it was closed with, each with the time. */
  readonly events: string[] = [];
  /** Milliseconds since the start. */
  #now = 0;
  readonly #liveness: Liveness;
  readonly client: ClientSocket;

  constructor(liveness: Liveness) {
    this.#liveness = liveness;
    const ws = new FakeWebSocket({ raw: new FakeSocket() });
    ws.ping = (): void => void this.events.push(`${this.#now}: ping`);
    ws.close = (code): void => void this.events.push(`${this.#now}: ${code}`);
    this.client = new ClientSocket(ws as unknown as WebSocket, new FakeOwner());
    liveness.watch(this.client);
  }

  hear(): void {
    this.#liveness.heard(this.client);
  }

  /** Before the tick that brings it. */
  set now(ms: number) {
    this.#now = ms;
  }
}

function setUp(options: LivenessOptions) {
  const liveness = new Liveness(options);
  const watched = new WatchedClient(liveness);
  let now = 0;
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      now += TICK_MS;
      watched.now = now;
      mock.timers.tick(TICK_MS);
    }
  };
  return { liveness, watched, pass, events: watched.events, hear: (): void => watched.hear() };
}

beforeEach(() => mock.timers.enable({ apis: ['setInterval'] }));
afterEach(() => mock.timers.reset());

describe('liveness', () => {
  it('PG-05: pings a client after its silence, and leaves one alone that answers', () => {
    const { events, pass, hear } = setUp(SHORT);
    pass(1000);
    for (let cycle = 0; cycle < 3; cycle++) {
      pass(250);
      hear();
      pass(1000);
    }
    assert.deepEqual(events, ['1000: ping', '2250: ping', '3500: ping', '4750: ping']);
  });

  it('PG-06: closes a client with 4201 that does not answer', () => {
    const { events, pass } = setUp(SHORT);
    pass(5000);
    assert.deepEqual(events, ['1000: ping', '1500: 4201']);
  });

  it('PG-07: puts the ping off whenever something is heard', () => {
    const { events, pass, hear } = setUp(SHORT);
    for (let i = 0; i < 10; i++) {
      pass(750);
      hear();
    }
    assert.deepEqual(events, []);
  });

  it('takes what comes in the tick of the ping for its answer', () => {
    const { events, pass, hear } = setUp(SHORT);
    pass(1000);
    hear();
    pass(750);
    assert.deepEqual(events, ['1000: ping']);
  });

  it('forgets a client that has left', () => {
    const { watched, liveness, events, pass } = setUp(SHORT);
    liveness.unwatch(watched.client);
    pass(5000);
    assert.deepEqual(events, []);
  });

  it('stops with the engine', () => {
    const { liveness, events, pass } = setUp(SHORT);
    liveness.stop();
    pass(5000);
    assert.deepEqual(events, []);
  });

  it('closes only who is due when clients fall silent at different times', () => {
    const liveness = new Liveness(SHORT);
    const [early, late] = [new WatchedClient(liveness), new WatchedClient(liveness)];
    mock.timers.tick(TICK_MS);
    late.hear();
    for (let i = 0; i < 5; i++) mock.timers.tick(TICK_MS);
    assert.deepEqual([early.events.length, late.events.length], [2, 1]);
  });

  it('is exact also for timeouts that are longer than its wheel', () => {
    const { events, pass } = setUp({ ...SHORT, activityTimeoutMs: 3_000_000 });
    pass(3_100_000);
    assert.deepEqual(events, ['3000000: ping', '3000500: 4201']);
  });
});

describe('pings for the proxies on the way', () => {
  it('come with the defaults after 60 s of silence, each time, and put nothing off', () => {
    const { events, pass, hear } = setUp(DEFAULTS);
    pass(60_000);
    pass(250);
    hear();
    pass(60_000);
    assert.deepEqual(events, ['60000: ping', '120250: ping']);
  });

  it('are repeated while the client is silent, as far apart as the interval says if that is longer', () => {
    const { events, pass } = setUp({ ...DEFAULTS, activityTimeoutMs: 40_000, pongTimeoutMs: 60_000 });
    pass(200_000);
    assert.deepEqual(events, ['30000: ping', '40000: ping', '60000: ping', '90000: ping', '100000: 4201']);
  });

  it('do not come after an activity timeout that is shorter: then all is as without them', () => {
    const { events, pass } = setUp({ ...SHORT, pingIntervalMs: 30_000, idleTimeoutMs: 120_000 });
    pass(5000);
    assert.deepEqual(events, ['1000: ping', '1500: 4201']);
  });
});

describe('a client that is silent for the idle timeout', () => {
  it('is closed with 4202 by the defaults after 120 s, with the ping after 60 s unanswered', () => {
    const { events, pass } = setUp(DEFAULTS);
    pass(300_000);
    assert.deepEqual(events, ['60000: ping', '120000: 4202']);
  });

  it('is not closed by the defaults when it answers, however silent it is else', () => {
    const { events, pass, hear } = setUp(DEFAULTS);
    for (let i = 0; i < 20; i++) {
      pass(60_000);
      hear();
    }
    assert.equal(events.length, 20);
    assert.ok(events.every((event) => event.endsWith('ping')));
  });

  it('still gets the time to answer its first ping', () => {
    const { events, pass } = setUp({ ...DEFAULTS, idleTimeoutMs: 1000 });
    pass(300_000);
    assert.deepEqual(events, ['60000: ping', '90000: 4202']);
  });

  it('is closed with 4201 all the same where there is no such timeout, or no ping before', () => {
    for (const changes of [{ idleTimeoutMs: null }, { pingIntervalMs: null }]) {
      const { events, pass } = setUp({ ...DEFAULTS, ...changes });
      pass(300_000);
      assert.equal(events.at(-1), '150000: 4201', JSON.stringify(changes));
    }
  });
});

/** The rule word by word, one client, with everything noted that the wheel does without. */
class NaiveClient {
  readonly events: string[] = [];
  readonly #options: LivenessOptions;
  #heardAt = 0;
  #firstPingAt: number | null = null;
  #activityPingAt: number | null = null;
  #closed = false;

  constructor(options: LivenessOptions) {
    this.#options = options;
  }

  hear(tick: number): void {
    this.#heardAt = tick;
    this.#firstPingAt = null;
    this.#activityPingAt = null;
  }

  tick(tick: number): void {
    if (this.#closed) return;
    const { activityTimeoutMs, pongTimeoutMs, pingIntervalMs, idleTimeoutMs } = this.#options;
    const silence = tick - this.#heardAt;
    const unanswered = (pingAt: number | null): boolean => pingAt !== null && tick - pingAt >= inTicks(pongTimeoutMs);
    if (unanswered(this.#activityPingAt)) {
      this.#close(tick, 4201);
    } else if (idleTimeoutMs !== null && silence >= inTicks(idleTimeoutMs) && unanswered(this.#firstPingAt)) {
      this.#close(tick, 4202);
    } else {
      const apart = pingIntervalMs === null ? null : inTicks(Math.max(pingIntervalMs, activityTimeoutMs / 2));
      const isActivityPing = silence === inTicks(activityTimeoutMs);
      if (!isActivityPing && (apart === null || silence % apart !== 0)) return;
      this.events.push(`${tick * TICK_MS}: ping`);
      this.#firstPingAt ??= tick;
      if (isActivityPing) this.#activityPingAt = tick;
    }
  }

  #close(tick: number, code: number): void {
    this.#closed = true;
    this.events.push(`${tick * TICK_MS}: ${code}`);
  }
}

function inTicks(ms: number): number {
  return Math.max(1, Math.ceil(ms / TICK_MS));
}

describe('the wheel', () => {
  it('does for any timeouts, and whenever clients are heard, what looking at everybody in every tick would do', () => {
    const timeout = fc.integer({ min: 1, max: 8000 });
    const options = fc.record({
      activityTimeoutMs: timeout,
      pongTimeoutMs: timeout,
      pingIntervalMs: fc.option(timeout),
      idleTimeoutMs: fc.option(timeout),
    });
    // How long each client waits before it says something next, in ticks.
    const waits = fc.array(fc.array(fc.nat(40), { maxLength: 12 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(options, waits, (given, waitsOfClients) => {
        mock.timers.reset();
        mock.timers.enable({ apis: ['setInterval'] });
        const liveness = new Liveness(given);
        const clients = waitsOfClients.map((ticks) => ({
          watched: new WatchedClient(liveness),
          naive: new NaiveClient(given),
          hearsAt: new Set(ticks.map((_, i) => ticks.slice(0, i + 1).reduce((sum, wait) => sum + wait, 0))),
        }));
        for (let tick = 0; tick < 600; tick++) {
          for (const { watched, naive, hearsAt } of clients) {
            if (tick > 0) naive.tick(tick);
            watched.now = (tick + 1) * TICK_MS;
            if (!hearsAt.has(tick) || watched.client.gone) continue;
            watched.hear();
            naive.hear(tick);
          }
          mock.timers.tick(TICK_MS);
        }
        for (const { watched, naive } of clients) assert.deepEqual(watched.events, naive.events);
      }),
      { numRuns: 300 },
    );
  });
});
