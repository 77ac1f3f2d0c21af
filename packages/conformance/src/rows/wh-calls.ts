import assert from 'node:assert/strict';
import { bodyOf } from '../clients/webhook-inbox.ts';
import type { Row } from '../row.ts';
import { SkipRow } from '../skip-row.ts';
import { added, expectSigned, occupied } from './webhooks.ts';

/** The clocks of the server and of the suite may differ by this much. */
const CLOCK_SKEW_MS = 60_000;
/** What is told in a burst. */
const BURST = 12;

/** Rows of the form of single calls. */
const FORM: readonly Row[] = [
  {
    id: 'WH-01',
    statement:
      'A call is a POST of exactly application/json, with the key of the app and the signature of the raw body.',
    needs: ['webhooks'],
    async run(c) {
      const inbox = c.webhooks();
      const socket = await c.connect();
      const channel = c.channel('private-');
      await socket.subscribe(channel);
      await inbox.expect(occupied(channel));
      // In UTF-8 these are one, two, three and four bytes each.
      socket.sendClientEvent(channel, 'aé☃😀');
      await inbox.next('the client event');
      for (const call of await inbox.untilCalls(2)) expectSigned(call, c.target.app);
    },
  },
  {
    id: 'WH-02',
    statement: "Pusher's library takes a call for valid, and neither with another body nor with another signature.",
    needs: ['webhooks'],
    async run(c) {
      const inbox = c.webhooks();
      const channel = c.channel();
      await (await c.connect()).subscribe(channel);
      const [call] = await inbox.untilCalls(1);
      assert.ok(call !== undefined);
      const headers = Object.fromEntries(Object.entries(call.headers).map(([name, value]) => [name, String(value)]));
      const rawBody = call.body.toString();
      const webhook = c.publisher().webhook({ headers, rawBody });
      assert.equal(webhook.isValid(), true);
      assert.ok(webhook.getEvents().some((event) => event.name === 'channel_occupied' && event.channel === channel));
      const other = rawBody.replace(channel, `${channel}-`);
      assert.equal(c.publisher().webhook({ headers, rawBody: other }).isValid(), false);
      const signature = String(headers['x-pusher-signature']).replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
      const tampered = { ...headers, 'x-pusher-signature': signature };
      assert.equal(c.publisher().webhook({ headers: tampered, rawBody }).isValid(), false);
    },
  },
  {
    id: 'WH-03',
    statement:
      'The body has time_ms, an integer of milliseconds, and events; one event where the server tells of each in a call of its own.',
    needs: ['webhooks'],
    async run(c) {
      const inbox = c.webhooks();
      const socket = await c.connect();
      const channels = Array.from({ length: BURST }, () => c.channel());
      for (const channel of channels) socket.sendSubscribe(channel, { auth: '' });
      await inbox.expectAll(channels.map(occupied));
      for (const call of inbox.calls) {
        const { time_ms: timeMs, events, ...others } = bodyOf(call);
        assert.deepEqual(others, {});
        assert.ok(Number.isInteger(timeMs), `time_ms is ${JSON.stringify(timeMs)}`);
        assert.ok(Math.abs(Number(timeMs) - Date.now()) < CLOCK_SKEW_MS, `time_ms is ${String(timeMs)}`);
        assert.ok(Array.isArray(events), 'events has to be an array');
        if (c.provision('webhooks').isSingle) assert.equal(events.length, 1);
      }
    },
  },
  {
    id: 'WH-21',
    statement: 'The oldest active key signs, however many the app has.',
    needs: ['webhooks', 'several-keys'],
    async run(c) {
      const inbox = c.webhooks();
      const { key, secret } = c.provision('several-keys').enabled;
      const channel = c.channel('private-');
      const app = { id: c.target.app.id, key, secret };
      const socket = await c.connect({ app });
      await socket.subscribe(channel);
      socket.sendClientEvent(channel, 'of a client with the newer key');
      // Of two nodes each may tell one.
      const events = [await inbox.next('an event'), await inbox.next('another')];
      assert.deepEqual(new Set(events.map(({ name }) => name)), new Set(['channel_occupied', 'client_event']));
      for (const call of inbox.calls) expectSigned(call, c.target.app);
    },
  },
];

/** Rows of what is told to whom, and of what comes together. */
const ROUTES: readonly Row[] = [
  {
    id: 'WH-16',
    statement: 'Each app is told of its own channels, in calls with its own key.',
    needs: ['webhooks', 'second-app-webhooks'],
    async run(c) {
      const apps = [c.target.app, c.provision('second-app-webhooks').app];
      const inbox = c.webhooks();
      const sockets = await Promise.all(apps.map((app) => c.connect({ app })));
      const [shared, own] = [c.channel(), apps.map(() => c.channel())];
      for (const [i, socket] of sockets.entries()) {
        for (const channel of [shared, own[i]]) socket.sendSubscribe(channel, { auth: '' });
      }
      await inbox.expectAll([shared, shared, ...own].map(occupied));
      for (const [i, app] of apps.entries()) {
        const calls = inbox.calls.filter(({ headers }) => headers['x-pusher-key'] === app.key);
        for (const call of calls) expectSigned(call, app);
        const channels = new Set(calls.flatMap(({ events }) => events.map(({ channel }) => channel)));
        assert.ok(channels.has(shared) && channels.has(own[i]), `the app ${app.id} is told of its channels`);
        assert.ok(!channels.has(own[1 - i]), `the app ${app.id} is not told of the other's channel`);
      }
    },
  },
  {
    id: 'WH-17',
    statement: 'Where calls are batched, what happens shortly after each other comes together and in order.',
    needs: ['webhooks'],
    async run(c) {
      const { app, endpoint: mainEndpoint, provides } = c.target;
      const { endpoint = mainEndpoint, path = c.provision('webhooks').path } = provides['batched-webhooks'] ?? {};
      const inbox = c.webhooks(path);
      const socket = await c.connect({ endpoint });
      const channels = Array.from({ length: BURST }, () => c.channel());
      for (const channel of channels) socket.sendSubscribe(channel, { auth: '' });
      for (const channel of channels) await inbox.expect(occupied(channel));
      for (const call of inbox.calls) expectSigned(call, app);
      const isBatched = inbox.calls.some(({ events }) => events.length > 1);
      if (!isBatched && provides['batched-webhooks'] === undefined) {
        throw new SkipRow('no call tells of several events, so the server does not batch');
      }
      assert.ok(inbox.calls.length < BURST / 2, `${BURST} events came in ${inbox.calls.length} calls`);
    },
  },
  {
    id: 'WH-20',
    statement: 'A webhook of some types of events is told of these only, signed over what it is sent.',
    needs: ['webhooks', 'second-webhook'],
    async run(c) {
      const { path, eventTypes } = c.provision('second-webhook');
      const [all, some] = [c.webhooks(), c.webhooks(path)];
      const [socket, other] = [await c.connect(), await c.connect()];
      const [plain, presence, cache] = [c.channel('private-'), c.channel('presence-'), c.channel('cache-')];
      await socket.subscribe(plain);
      await socket.join(presence, { user_id: 'u' });
      await other.subscribe(cache);
      socket.sendClientEvent(plain, 'd');
      const told = { name: 'client_event', channel: plain, event: 'client-x', data: 'd', socket_id: socket.id };
      const expected = [
        ...[plain, presence, cache].map(occupied),
        added(presence, 'u'),
        { name: 'cache_miss', channel: cache },
        told,
      ];
      await all.expectAll(expected);
      const wanted = expected.filter(({ name }) => eventTypes.includes(String(name)));
      assert.ok(wanted.length > 0 && wanted.length < expected.length, 'some of them are of its types');
      await some.expectAll(wanted);
      await socket.close();
      await all.until('the departure', () => all.events.find(({ name }) => name === 'channel_vacated'));
      // Whether the second webhook would be told of it is known once it is told of what came after.
      const last = c.channel();
      await other.subscribe(last);
      await some.expect(occupied(last));
      for (const call of some.calls) expectSigned(call, c.target.app);
      assert.ok(some.calls.every(({ events }) => events.every(({ name }) => eventTypes.includes(String(name)))));
    },
  },
];

export const WH_CALLS: readonly Row[] = [...FORM, ...ROUTES];
