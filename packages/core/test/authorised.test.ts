import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { type Client, Cluster, err, ok } from './cluster.ts';
import { testApp } from './test-app.ts';

const app = testApp({ authorisedOnly: true });
const TIMEOUT_MS = 1000;

describe('an app that wants authorised connections', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
  afterEach(() => mock.timers.reset());

  function setUp(settings = app) {
    const cluster = new Cluster(1, { authorisationTimeoutMs: TIMEOUT_MS });
    const worker = cluster.worker(0);
    const pass = (ms: number): void => {
      cluster.clock.advance(ms);
      mock.timers.tick(ms);
    };
    return { cluster, worker, connect: () => worker.connect(settings), pass };
  }

  function assertClosed(client: Client): void {
    assert.deepEqual(client.received(), [err(4009, 'Connection not authorized within timeout')]);
    assert.equal(client.transport.closed?.code, 4009);
  }

  it('HS-34: closes one that does nothing with an error and 4009', () => {
    const { connect, pass } = setUp();
    const client = connect();
    pass(TIMEOUT_MS - 1);
    assert.equal(client.transport.closed, null);
    pass(1);
    assertClosed(client);
  });

  it('HS-35: keeps one that joins a private channel in time', () => {
    const { connect, pass } = setUp();
    const client = connect();
    client.subscribe('private-x');
    pass(10 * TIMEOUT_MS);
    assert.deepEqual(client.received(), [ok('private-x')]);
    assert.equal(client.transport.closed, null);
  });

  it('HS-36: keeps one that signs in in time, and closes one that has only public channels', () => {
    const { connect, pass } = setUp();
    const [signedIn, onlyPublic] = [connect(), connect()];
    signedIn.signIn('{"id":"a"}');
    onlyPublic.subscribe('x');
    assert.equal(onlyPublic.received().length, 1);
    pass(TIMEOUT_MS);
    assert.equal(signedIn.transport.closed, null);
    assertClosed(onlyPublic);
  });

  it('closes one whose signatures were wrong', () => {
    const { connect, pass } = setUp();
    const client = connect();
    client.subscribe('private-x', { auth: 'k:bad' });
    client.signIn('{"id":"a"}', 'k:bad');
    client.texts();
    pass(TIMEOUT_MS);
    assertClosed(client);
  });

  it('gives each its own time, and forgets those that have gone', () => {
    const { connect, pass } = setUp();
    const [first, gone] = [connect(), connect()];
    pass(600);
    const second = connect();
    gone.close();
    pass(400);
    assertClosed(first);
    assert.equal(gone.transport.closed, null);
    assert.equal(second.transport.closed, null);
    pass(600);
    assertClosed(second);
  });

  it('leaves the connections of other apps alone', () => {
    const { connect, pass } = setUp(testApp());
    const client = connect();
    pass(10 * TIMEOUT_MS);
    assert.equal(client.transport.closed, null);
  });
});

describe('the quota of an app that wants authorised connections', () => {
  const limited = testApp({ authorisedOnly: true, limits: { maxConnections: 1 } });

  it('HS-37: is not used up by connections that are not authorised', async () => {
    const cluster = new Cluster(1);
    const worker = cluster.worker(0);
    for (let i = 0; i < 3; i++) {
      assert.equal(await worker.hub.admit(limited), 'admitted');
      worker.connect(limited);
    }
    assert.equal(cluster.primary.slots.get('app:1001') ?? 0, 0);
  });

  it('closes with 4004 one that becomes authorised when it is used up, and has room again after a close', async () => {
    const cluster = new Cluster(1);
    const worker = cluster.worker(0);
    const [first, second, third] = [worker.connect(limited), worker.connect(limited), worker.connect(limited)];
    first.subscribe('private-x');
    await settled();
    second.subscribe('private-x');
    await settled();
    assert.equal(first.transport.closed, null);
    assert.equal(second.transport.closed?.code, 4004);
    second.close();
    first.close();
    third.signIn('{"id":"a"}');
    await settled();
    assert.equal(third.transport.closed, null);
    assert.equal(cluster.primary.slots.get('app:1001'), 1);
  });

  it('closes with 4100, and does not let in, one whose place could not be asked for', async () => {
    const worker = new Cluster(1).worker(0);
    const client = worker.connect(limited);
    worker.registry.acquire = () => Promise.reject(new Error('no answer'));
    client.subscribe('private-x');
    await settled();
    assert.equal(client.transport.closed?.code, 4100);
    assert.deepEqual(
      worker.errors.map(({ stage }) => stage),
      ['authorise'],
    );
  });

  it('is given back for one that ended while its place was being asked for', async () => {
    const cluster = new Cluster(1);
    const worker = cluster.worker(0);
    const client = worker.connect(limited);
    worker.registry.up.hold();
    client.subscribe('private-x');
    client.close();
    worker.registry.up.release();
    await settled();
    assert.equal(cluster.primary.slots.get('app:1001'), 0);
  });

  it('and the capacity of the node, which counts them all the same, are both given back', async () => {
    const cluster = new Cluster(1, { maxConnections: 1 });
    const worker = cluster.worker(0);
    assert.equal(await worker.hub.admit(limited), 'admitted');
    const client = worker.connect(limited);
    assert.equal(await worker.hub.admit(limited), 'over_capacity');
    client.subscribe('private-x');
    await settled();
    client.close();
    assert.deepEqual([...cluster.primary.slots.values()], [0, 0]);
  });
});

/** Answers of the registry are promises. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}
