import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eq } from '../src/index.ts';
import { Link } from './link.ts';

const EU = eq('region', 'eu');
const US = eq('region', 'us');

function succeeded(channel: string): string {
  return `{"event":"pusher_internal:subscription_succeeded","channel":"${channel}","data":"{}"}`;
}

function change(channel: string, filter: unknown): unknown {
  return { event: 'pusher:change_filter', data: { channel, filter } };
}

async function subscribed(channel: string): Promise<Link> {
  const link = await Link.open({ channels: { 'market-*': { filter: EU } } });
  link.subscribe(channel);
  link.receive(succeeded(channel));
  link.sent();
  return link;
}

describe('another filter for a channel', () => {
  it('is sent for the subscription there is', async () => {
    const link = await subscribed('market-data');
    link.rules.set('market-data', { filter: US });
    link.rules.set('market-data', { filter: eq('region', 'us'), delta: false });
    link.rules.set('market-data', undefined);
    link.rules.set('market-*', undefined);
    assert.deepEqual(link.sent(), [change('market-data', US), change('market-data', EU), change('market-data', null)]);
  });

  it('by a prefix is sent for each channel that has no rule of its own', async () => {
    const link = await subscribed('market-data');
    for (const channel of ['market-other', 'else']) {
      link.subscribe(channel);
      link.receive(succeeded(channel));
    }
    link.sent();
    link.rules.set('market-other', { filter: EU });
    link.rules.set('market-*', { filter: US });
    assert.deepEqual(link.sent(), [change('market-data', US)]);
  });

  it('waits for the confirmation of the subscription', async () => {
    const link = await Link.open();
    link.subscribe('market-data');
    link.sent();
    link.rules.set('market-data', { filter: US });
    assert.deepEqual(link.sent(), []);
    link.receive(succeeded('market-data'));
    assert.deepEqual(link.sent(), [change('market-data', US)]);
    assert.deepEqual(link.delivered(), [succeeded('market-data')]);
  });

  it('is not sent once the channel is left or the connection has ended', async () => {
    const link = await subscribed('market-data');
    link.session.outgoing('{"event":"pusher:unsubscribe","data":{"channel":"market-data"}}');
    link.rules.set('market-*', { filter: US });
    link.subscribe('market-data');
    link.receive(succeeded('market-data'));
    link.session.close();
    link.sent();
    link.rules.set('market-*', { filter: EU });
    assert.deepEqual(link.sent(), []);
  });

  it('does not replace one that the client library has asked for itself', async () => {
    const link = await Link.open();
    const data = { channel: 'market-data', tags_filter: EU };
    link.session.outgoing(JSON.stringify({ event: 'pusher:subscribe', data }));
    link.receive(succeeded('market-data'));
    link.rules.set('market-data', { filter: US });
    assert.deepEqual(link.sent(), []);
  });

  it('is confirmed without the library hearing of it, and refused with', async () => {
    const link = await subscribed('market-data');
    link.delivered();
    const refusal = '{"event":"pusher:error","data":{"code":null,"message":"The filter is wrong"}}';
    link.receive('{"event":"pusher:filter_changed","channel":"market-data","data":"{}"}', refusal);
    assert.deepEqual(link.delivered(), [refusal]);
  });
});
