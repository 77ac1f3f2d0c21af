import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Pusher from 'pusher';
import { eventsOfCall, WebhookReceiver, until } from '@sluice/testkit';
import { headerProblem } from '../src/index.ts';
import {
  added,
  app,
  counted,
  miss,
  occupied,
  removed,
  said,
  SECRET,
  start,
  target,
  vacated,
  hmac,
  timeOf,
} from './set-up.ts';

describe('a call', () => {
  it('has the headers and signature that receivers verify (WH-01, WH-03)', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const webhooks = start(t, app(target(receiver.url)));
    const before = Date.now();
    webhooks.emit(said('a', 'grüße 😀 \ud800 "'));
    await until('the call', () => receiver.calls.length === 1);
    const [call] = receiver.calls;
    assert.ok(call);
    assert.equal(call.method, 'POST');
    assert.equal(call.url, '/hooks');
    assert.equal(call.headers['content-type'], 'application/json');
    assert.equal(call.headers['x-pusher-key'], '278d425bdf160c739803');
    assert.equal(call.headers['x-pusher-signature'], hmac(SECRET, call.body));
    assert.equal(call.headers['content-length'], String(Buffer.byteLength(call.body)));
    assert.deepEqual(Object.keys(JSON.parse(call.body) as object), ['time_ms', 'events']);
    const time = timeOf(call);
    assert.ok(Number.isInteger(time) && Number(time) >= before && Number(time) <= Date.now());
  });

  it("is valid for Pusher's own library, and not when tampered with (WH-02)", async (t) => {
    const { key, secret } = app();
    const pusher = new Pusher({ appId: '1', key, secret, cluster: 'eu' });
    const receiver = await WebhookReceiver.start(t);
    start(t, app(target(receiver.url))).emit(said('presence-a', '{"ä":1}', 'u'));
    await until('the call', () => receiver.calls.length === 1);
    const [call] = receiver.calls;
    assert.ok(call);
    assert.equal(pusher.webhook({ headers: call.headers, rawBody: call.body }).isValid(), true);
    assert.equal(pusher.webhook({ headers: call.headers, rawBody: `${call.body} ` }).isValid(), false);
  });

  it('carries one event with exactly the documented members (WH-03, 04, 05, 07, 10, 11, 12)', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const webhooks = start(t, app(target(receiver.url)), { vacatedDelayMs: 1 });
    webhooks.emit(occupied('a'));
    webhooks.emit(added('presence-a', '7'));
    webhooks.emit(said('private-a', '{"x":1}', 'signed in, but not on a presence channel'));
    webhooks.emit(said('presence-a', 'text', '7'));
    webhooks.emit(miss('cache-a'));
    webhooks.emit(counted('a', 3));
    await until('six', () => receiver.calls.length === 6);
    webhooks.emit(removed('presence-a', '7'));
    webhooks.emit(vacated('a'));
    await until('all', () => receiver.calls.length === 8);
    const client = { name: 'client_event', event: 'client-said', socket_id: '1.2' };
    assert.deepEqual(receiver.calls.map(eventsOfCall), [
      [{ name: 'channel_occupied', channel: 'a' }],
      [{ name: 'member_added', channel: 'presence-a', user_id: '7' }],
      [{ ...client, channel: 'private-a', data: '{"x":1}' }],
      [{ ...client, channel: 'presence-a', data: 'text', user_id: '7' }],
      [{ name: 'cache_miss', channel: 'cache-a' }],
      [{ name: 'subscription_count', channel: 'a', subscription_count: 3 }],
      [{ name: 'member_removed', channel: 'presence-a', user_id: '7' }],
      [{ name: 'channel_vacated', channel: 'a' }],
    ]);
  });

  it('is made once for a 2xx (WH-14)', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    receiver.answers.push(200, 201, 204);
    const webhooks = start(t, app(target(receiver.url)));
    for (const channel of ['a', 'b', 'c', 'd']) webhooks.emit(occupied(channel));
    await until('all', () => webhooks.counters.sent === 4);
    await sleep(60);
    assert.deepEqual(
      receiver.told,
      ['a', 'b', 'c', 'd'].map((channel) => `channel_occupied ${channel}`),
    );
    assert.equal(receiver.calls.length, 4);
    assert.deepEqual(webhooks.counters, {
      sent: 4,
      failedAttempts: 0,
      deadLettered: 0,
      dropped: 0,
      queued: 0,
      inherited: 0,
      unsaved: 0,
    });
  });

  it('carries the custom headers, which replace none of ours', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const evil = { 'x-pusher-KEY': 'evil', 'content-type': 'text/plain', HOST: 'evil', 'X-Pusher-Signature': 'evil' };
    const headers = { 'X-Custom': '1', 'User-Agent': 'mine', 'Content-Length': '1', ...evil };
    start(t, app(target(receiver.url, { headers }))).emit(occupied('a'));
    await until('the call', () => receiver.calls.length === 1);
    const [call] = receiver.calls;
    assert.ok(call);
    assert.equal(call.headers['x-custom'], '1');
    assert.equal(call.headers['user-agent'], 'mine');
    assert.equal(call.headers['content-type'], 'application/json');
    assert.equal(call.headers['x-pusher-key'], app().key);
    assert.ok(!call.rawHeaders.includes('evil'));
    assert.equal(call.headers['x-pusher-signature'], hmac(SECRET, call.body));
  });

  it('sends credentials of the URL as basic authentication', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const url = receiver.url.replace('http://', 'http://us%40er:p%3Ass@');
    start(t, app(target(`${url}?x=1#part`))).emit(occupied('a'));
    await until('the call', () => receiver.calls.length === 1);
    const [call] = receiver.calls;
    assert.equal(call?.headers.authorization, `Basic ${Buffer.from('us@er:p:ss').toString('base64')}`);
    assert.equal(call?.url, '/hooks?x=1');
  });

  it('has the own Authorization in their place, and takes a bare % in them', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const url = receiver.url.replace('http://', 'http://us%er:p@');
    const own = target(url, { headers: { authorization: 'Bearer mine' } });
    const webhooks = start(t, app(own, target(url)));
    webhooks.emit(occupied('a'));
    await until('both', () => webhooks.counters.sent === 2);
    const basic = `Basic ${Buffer.from('us%er:p').toString('base64')}`;
    assert.deepEqual(
      new Set(receiver.calls.map(({ headers }) => headers.authorization)),
      new Set([basic, 'Bearer mine']),
    );
  });

  it('of each app has its key and its events only (WH-16)', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const other = { id: '2', key: 'other-key', secret: 'other-secret', targets: [target(receiver.url)] };
    const batching = { enabled: true, durationMs: 20, size: 100 };
    const webhooks = start(t, [app(target(receiver.url)), other], { batching });
    for (let i = 0; i < 10; i++) {
      webhooks.emit(occupied(`mine-${i}`));
      webhooks.emit({ ...occupied(`other-${i}`), appId: '2' });
    }
    webhooks.emit({ ...occupied('nobody'), appId: '3' });
    await until('both', () => webhooks.counters.sent === 20);
    assert.equal(receiver.calls.length, 2);
    for (const call of receiver.calls) {
      const isOther = call.headers['x-pusher-key'] === 'other-key';
      assert.equal(call.headers['x-pusher-signature'], hmac(isOther ? 'other-secret' : SECRET, call.body));
      const prefix = isOther ? 'other-' : 'mine-';
      assert.deepEqual(
        eventsOfCall(call).map(({ channel }) => channel),
        Array.from({ length: 10 }, (_, i) => `${prefix}${i}`),
      );
    }
  });
});

describe('a header of the operator', () => {
  const PROBLEMS = new Map([
    ['this is not the name of an HTTP header', ['', 'a b', 'ä', 'a:']],
    [
      'Sluice sets this header itself; leave it out',
      ['Content-Type', 'X-Pusher-Key', 'X-Pusher-Signature', 'Host', 'Content-Length'],
    ],
    [
      'this header belongs to the connection; leave it out',
      ['Connection', 'Expect', 'Keep-Alive', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade'],
    ],
  ]);

  it('is refused where it would break calls', () => {
    for (const [problem, names] of PROBLEMS) {
      for (const name of names) assert.equal(headerProblem(name, 'x'), problem, name);
    }
    assert.equal(headerProblem('X-A', 1), 'expected a text');
    assert.equal(headerProblem('X-A', 'a\nb'), 'the value holds characters that an HTTP header cannot');
    assert.equal(headerProblem('X-A', 'a\tb é'), undefined);
  });
});

describe('batching', () => {
  it('sends the events of a window together, in order (WH-17)', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const webhooks = start(t, app(target(receiver.url)), {
      batching: { enabled: true, durationMs: 300, size: 100 },
      vacatedDelayMs: 60_000,
    });
    const startedAt = performance.now();
    webhooks.emit(occupied('a'));
    await sleep(20);
    webhooks.emit(occupied('b'));
    webhooks.emit(vacated('b'));
    webhooks.emit(said('a', '1'));
    await until('the answer', () => webhooks.counters.sent === 3);
    assert.ok((receiver.calls[0]?.at ?? 0) - startedAt >= 299);
    assert.deepEqual(receiver.told, ['channel_occupied a', 'channel_occupied b', 'client_event a']);
    assert.equal(receiver.calls.length, 1);
  });

  it('does not wait once a call is full', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const webhooks = start(t, app(target(receiver.url)), { batching: { enabled: true, durationMs: 60_000, size: 3 } });
    for (let i = 0; i < 7; i++) webhooks.emit(occupied(`c${i}`));
    await until('two calls', () => webhooks.counters.sent === 6);
    assert.deepEqual(
      receiver.calls.map((call) => eventsOfCall(call).length),
      [3, 3],
    );
    webhooks.emit(occupied('c7'));
    await sleep(30);
    assert.equal(receiver.calls.length, 2);
    webhooks.emit(occupied('c8'));
    await until('a third', () => webhooks.counters.sent === 9);
    assert.deepEqual(
      receiver.told,
      Array.from({ length: 9 }, (_, i) => `channel_occupied c${i}`),
    );
  });
});

describe('what is told', () => {
  it('is filtered by event and channel, and signed as sent (WH-20)', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const filter = { prefix: 'private-', suffix: '-x', pattern: '\\d' };
    const webhooks = start(t, app(target(receiver.url, { eventTypes: ['channel_occupied', 'client_event'], filter })), {
      batching: { enabled: true, durationMs: 10, size: 100 },
      vacatedDelayMs: 1,
    });
    for (const channel of ['private-1-x', 'private-1', '1-x', 'private-a-x', 'private-2-x']) {
      webhooks.emit(occupied(channel));
      webhooks.emit(counted(channel, 1));
      webhooks.emit(miss(channel));
    }
    webhooks.emit(said('private-1-x', ''));
    webhooks.emit(vacated('private-7-x'));
    await sleep(60);
    assert.deepEqual(receiver.told, [
      'channel_occupied private-1-x',
      'channel_occupied private-2-x',
      'client_event private-1-x',
    ]);
    const [call] = receiver.calls;
    assert.equal(call?.headers['x-pusher-signature'], hmac(SECRET, call?.body ?? ''));
  });

  it('leaves out channels of users, counts of presence channels and what is no channel (WH-12, WH-22)', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    const webhooks = start(t, app(target(receiver.url)), { vacatedDelayMs: 1 });
    for (const channel of ['#server-to-user-1', '#server-to-user-', 'not a channel', '']) {
      webhooks.emit(occupied(channel));
      webhooks.emit(said(channel, 'x'));
      webhooks.emit(vacated(channel));
    }
    webhooks.emit(counted('presence-a', 2));
    webhooks.emit(counted('presence-cache-a', 2));
    webhooks.emit(occupied('end'));
    await sleep(60);
    assert.deepEqual(receiver.told, ['channel_occupied end']);
  });

  it('has a cache miss once per channel and window (WH-11)', async (t) => {
    const receiver = await WebhookReceiver.start(t);
    let now = 0;
    const webhooks = start(t, app(target(receiver.url)), { clock: { now: () => 5, monotonic: () => now } });
    const tell = (channel: string): void => webhooks.emit(miss(channel));
    for (let i = 0; i < 5; i++) tell('cache-a');
    now = 9000;
    tell('cache-b');
    tell('cache-a');
    now = 10_000;
    tell('cache-a');
    tell('cache-b');
    now = 19_999;
    tell('cache-a');
    tell('cache-b');
    await until('all', () => receiver.calls.length === 4);
    await sleep(20);
    assert.deepEqual(
      receiver.events.map(({ channel }) => channel),
      ['cache-a', 'cache-b', 'cache-a', 'cache-b'],
    );
  });
});
