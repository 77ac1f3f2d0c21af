import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { expectStatus } from '../clients/http-client.ts';
import { hmac, signInAuth } from '../clients/signature.ts';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';
import { occupied } from './webhooks.ts';

const WRONG = hmac('no secret of any app', 'nothing');
const TO_LOG_MS = 500;

/** Is refused in three ways, and gives the signatures that would have been right. */
async function refusedSignatures(c: RowContext): Promise<readonly string[]> {
  const right: string[] = [];
  const note = (auth: string): string => {
    right.push(auth.slice(auth.indexOf(':') + 1));
    return WRONG;
  };
  const { app } = c.target;
  expectStatus(await c.http().get('/channels', {}, { signature: note }), 401);
  const socket = await c.connect();
  const channel = c.channel('private-');
  socket.sendSubscribe(channel, { auth: `${app.key}:${note(socket.authFor(channel))}` });
  await socket.expectRefused(channel, /./);
  const user = c.channel('user-');
  const userData = JSON.stringify({ id: user });
  socket.sendSignIn(userData, `${app.key}:${note(signInAuth(app, socket.id, userData))}`);
  await socket.expectError(null, /./);
  return right;
}

/** A webhook that fails is something to log, and its URL and headers may be secret. */
async function refuseWebhook(c: RowContext): Promise<void> {
  const inbox = c.webhooks();
  inbox.answers.push(500);
  const channel = c.channel();
  await (await c.connect()).subscribe(channel);
  await inbox.expect(occupied(channel));
}

export const XC: readonly Row[] = [
  {
    id: 'XC-01',
    statement: 'WebSocket and HTTP API work at one host and port, at the same time.',
    async run(c) {
      const client = c.pusher();
      const channel = c.channel();
      const received = client.collect(await client.subscribe(channel));
      const agent = c.oneConnection();
      const expected = [];
      for (let i = 0; i < 10; i++) {
        const socket = await c.connect();
        await socket.subscribe(channel);
        await c.http({ agent }).publish({ channel, name: 'e', data: `${i}` });
        await socket.expectFrame({ event: 'e', channel, data: `${i}` });
        assert.deepEqual(await c.http({ agent }).read(`/channels/${channel}`), { occupied: true });
        const response = await c.publisher().trigger(channel, 'by-library', { i });
        assert.equal(response.status, 200);
        await socket.expectFrame({ event: 'by-library', channel, data: `{"i":${i}}` });
        expected.push({ event: 'e', data: i }, { event: 'by-library', data: { i } });
        await socket.close();
      }
      await client.until('the events', () => received.length >= expected.length);
      assert.deepEqual(received, expected);
    },
  },
  {
    id: 'XC-02',
    statement:
      'A WebSocket needs no preflight, and the HTTP API answers with an Origin as without; a preflight is no failure.',
    async run(c) {
      for (const origin of ['https://pages.example', 'http://localhost:3000', 'null']) {
        const socket = await c.connect({ ws: { headers: { origin } } });
        const channel = c.channel();
        await socket.subscribe(channel);
        const http = c.http({ headers: { origin } });
        await http.publish({ channel, name: 'e', data: origin });
        await socket.expectFrame({ event: 'e', channel, data: origin });
        assert.deepEqual(await http.read(`/channels/${channel}`), await c.http().read(`/channels/${channel}`));
        expectStatus(await http.get('/channels', {}, { signature: () => WRONG }), 401);
        const asking = { origin, 'access-control-request-method': 'POST' };
        const { status } = await c.http({ headers: asking }).raw('OPTIONS', `/apps/${c.target.app.id}/events`);
        assert.ok(status >= 200 && status < 500, `a preflight is answered with ${status}`);
      }
    },
  },
  {
    id: 'XC-10',
    statement:
      'A limit of an app that is changed holds for new connections; one that is disabled has the others closed with 4003.',
    needs: ['changeable-app'],
    disturbs: ['changeable-app'],
    async run(c) {
      const { endpoint, change } = c.provision('changeable-app');
      const sockets = [await c.connect({ endpoint }), await c.connect({ endpoint })];
      await change({ enabled: true, maxConnections: 3 });
      sockets.push(await c.connect({ endpoint }));
      await c.open({ endpoint }).expectClose(4004);
      const channel = c.channel();
      for (const socket of sockets) await socket.subscribe(channel);
      await change({ enabled: true, maxConnections: 4 });
      sockets.push(await c.connect({ endpoint }));
      await change({ enabled: false, maxConnections: 4 });
      for (const socket of sockets) await socket.expectClose(4003);
      await c.open({ endpoint }).expectClose(4003);
      await change({ enabled: true, maxConnections: 0 });
      await (await c.connect({ endpoint })).subscribe(channel);
    },
  },
  {
    id: 'XC-12',
    statement: 'Logs have no secret in them, nor the signature that a wrong one should have been.',
    needs: ['logs'],
    disturbs: ['webhooks'],
    last: true,
    async run(c) {
      const { read, secrets } = c.provision('logs');
      const expected = await refusedSignatures(c);
      if (c.target.provides.webhooks !== undefined) await refuseWebhook(c);
      await sleep(TO_LOG_MS);
      const logs = read();
      assert.notEqual(logs, '', 'the logs are those of the server');
      for (const secret of [c.target.app.secret, ...secrets, ...expected]) {
        const line = logs.split('\n').find((text) => text.includes(secret));
        assert.equal(line?.replaceAll(secret, '(a secret)'), undefined);
      }
    },
  },
];
