import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { testApp } from './test-app.ts';
import { Cluster } from './cluster.ts';

const app = testApp();
const other = testApp({ id: '1002' });

describe('Apps that change while the server runs', () => {
  it('XC-10: close the connections of one that is disabled with 4003, and of no other', async () => {
    const worker = new Cluster(1, { departuresPerSlice: 2 }).worker(0);
    const clients = Array.from({ length: 5 }, () => worker.connect(app));
    const stays = worker.connect(other);
    worker.hub.changeApps([testApp({ enabled: false }), other]);
    assert.equal(clients.filter(({ transport }) => transport.closed !== null).length, 2, 'not all in one turn');
    await turn();
    await turn();
    for (const { transport } of clients) assert.equal(transport.closed?.code, 4003);
    assert.equal(stays.transport.closed, null);
    assert.equal(worker.connect(app).transport.closed?.code, 4003, 'admitted before the change');
  });

  it('close those of one that is gone with 4001, also where nobody had connected yet', () => {
    const worker = new Cluster(1).worker(0);
    const client = worker.connect(app);
    worker.hub.changeApps([]);
    assert.equal(client.transport.closed?.code, 4001);
    assert.equal(worker.connect(other).transport.closed?.code, 4003);
  });

  it('XC-10: count the connections that are there under a quota that is new, and give their places back', async () => {
    const cluster = new Cluster(2);
    const [a, b] = [cluster.worker(0), cluster.worker(1)];
    const clients = [a.connect(app), a.connect(app), b.connect(app)];
    const limited = testApp({ limits: { maxConnections: 4 } });
    for (const { hub } of [a, b]) hub.changeApps([limited]);
    assert.equal(await b.hub.admit(limited), 'admitted');
    const last = b.connect(limited);
    assert.equal(await a.hub.admit(limited), 'over_quota');
    for (const { hub } of [a, b]) hub.changeApps([testApp({ limits: { maxConnections: 3 } })]);
    for (const client of [...clients, last]) client.close();
    assert.equal(cluster.primary.slots.get(`app:${app.id}`), 0);
  });

  it('have their new settings at once for the connections that are there', () => {
    const worker = new Cluster(1).worker(0);
    const client = worker.connect(app);
    client.subscribe('private-x');
    worker.hub.changeApps([testApp({ clientMessages: false })]);
    client.received();
    client.send('client-e', {}, 'private-x');
    assert.equal(client.received().at(-1)?.event, 'pusher:error');
  });
});
