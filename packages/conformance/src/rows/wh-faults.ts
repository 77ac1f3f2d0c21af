import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InboxCall, WebhookInbox } from '../clients/webhook-inbox.ts';
import type { WebhookAnswer } from '../clients/webhook-receiver.ts';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';
import { expectNothingElse, occupied } from './webhooks.ts';

/** For four gaps, the first of some seconds, and the time that a server waits for an answer. */
const TIMEOUT_MS = 150_000;
/** From the second gap to the fourth. Doubled gaps grow to four times, equal ones with a quarter taken off to 1.3 times. */
const LEAST_GROWTH = 1.5;
/** A retry of any server would have come by then. */
const NO_RETRY_MS = 3000;
/** Of events while an endpoint does not answer. */
const ROUNDS = 3;
/** For what is not to be delayed: more than a busy machine takes, less than a call that hangs. */
const PROMPT_MS = 1800;

/** Makes one event whose call is answered with these, and then 200; gives the calls up to that. */
async function callsFor(
  c: RowContext,
  inbox: WebhookInbox,
  answers: readonly WebhookAnswer[],
): Promise<readonly InboxCall[]> {
  inbox.answers.push(...answers);
  const channel = c.channel();
  await (await c.connect()).subscribe(channel);
  const calls = await inbox.untilCalls(answers.length + 1, c.provision('webhooks').triesMs);
  await inbox.expect(occupied(channel));
  return calls;
}

async function promptly(what: string, work: () => Promise<void>): Promise<void> {
  const from = performance.now();
  await work();
  const tookMs = Math.round(performance.now() - from);
  assert.ok(tookMs < PROMPT_MS, `${what} took ${tookMs} ms`);
}

async function expectRetries(c: RowContext): Promise<void> {
  const inbox = c.webhooks();
  const calls = await callsFor(c, inbox, ['hang', 500, 404, 301]);
  // The first also has the time in it that the server waited for an answer.
  const gaps = calls.slice(1).map(({ at }, i) => Math.round(at - (calls[i]?.at ?? 0)));
  const [, second = Infinity, , fourth = 0] = gaps;
  assert.ok(fourth > second * LEAST_GROWTH, `the gaps are ${gaps.join(', ')} ms`);
  await expectNothingElse(c, inbox);
}

/** The call is made again and again, though not for ever. */
async function expectGivenUp(c: RowContext): Promise<void> {
  const { endpoint, path, seconds } = c.provision('short-webhook-retries');
  const inbox = c.webhooks(path);
  inbox.answers.push(...Array.from({ length: 1000 }, () => 500));
  await (await c.connect({ endpoint })).subscribe(c.channel());
  await inbox.untilCalls(2);
  const firstAt = inbox.calls[0]?.at ?? 0;
  // Gaps that double are as long as all that went before, so that another try would have come.
  await sleep(3 * seconds * 1000 + NO_RETRY_MS);
  const tookMs = (inbox.calls.at(-1)?.at ?? Infinity) - firstAt;
  assert.ok(tookMs <= (seconds + 1) * 1000, `the last try came after ${Math.round(tookMs)} ms`);
}

/** Rows of endpoints that fail or are slow. */
export const WH_FAULTS: readonly Row[] = [
  {
    id: 'WH-13',
    statement:
      'A call that is answered with 500, 404 or 301, or not at all, is made again after gaps that grow, and no more when its time is over.',
    needs: ['webhooks'],
    disturbs: ['webhooks'],
    timeoutMs: TIMEOUT_MS,
    async run(c) {
      const hasShort = c.target.provides['short-webhook-retries'] !== undefined;
      await Promise.all([expectRetries(c), ...(hasShort ? [expectGivenUp(c)] : [])]);
    },
  },
  {
    id: 'WH-14',
    statement: 'A call that is answered with 200, 201 or 204 is not made again.',
    needs: ['webhooks'],
    async run(c) {
      const inbox = c.webhooks();
      const socket = await c.connect();
      for (const answer of [200, 201, 204]) {
        inbox.answers.push(answer);
        const channel = c.channel();
        await socket.subscribe(channel);
        await inbox.expect(occupied(channel));
      }
      await expectNothingElse(c, inbox, { forMs: NO_RETRY_MS });
    },
  },
  {
    id: 'WH-15',
    statement: 'A call that is made again has the same bytes, and so the same time_ms and signature.',
    needs: ['webhooks'],
    disturbs: ['webhooks'],
    timeoutMs: TIMEOUT_MS,
    async run(c) {
      const calls = await callsFor(c, c.webhooks(), [500, 503]);
      const contents = calls.map(({ body, headers }) => [
        body.toString('hex'),
        headers['x-pusher-signature'],
        headers['x-pusher-key'],
        headers['content-type'],
      ]);
      for (const content of contents.slice(1)) assert.deepEqual(content, contents[0]);
    },
  },
  {
    id: 'WH-19',
    statement:
      'While one webhook of an app fails or hangs the other is told at once, and the first later, of each channel in order.',
    needs: ['webhooks', 'second-webhook'],
    disturbs: ['second-webhook'],
    timeoutMs: TIMEOUT_MS,
    async run(c) {
      const { triesMs } = c.provision('webhooks');
      const [inbox, failing] = [c.webhooks(), c.webhooks(c.provision('second-webhook').path)];
      failing.answers.push(500, 'hang');
      failing.laterAnswer = 500;
      const socket = await c.connect();
      const channels = Array.from({ length: 6 }, () => c.channel());
      for (const [i, channel] of channels.entries()) {
        await promptly('a webhook', async () => {
          await socket.subscribe(channel);
          await inbox.expect(occupied(channel));
        });
        if (i < 2) await failing.untilCalls(i + 1, triesMs);
      }
      assert.deepEqual(failing.events, [], 'the other webhook has failed so far');
      failing.laterAnswer = 200;
      await failing.until('all events', () => failing.events.length >= channels.length || undefined, triesMs);
      // Each channel has the one event; nodes tell of theirs side by side.
      await failing.expectAll(channels.map(occupied));
    },
  },
  {
    id: 'WH-23',
    statement: 'While an endpoint does not answer clients and publishers do not wait, and later it is told everything.',
    needs: ['webhooks'],
    disturbs: ['webhooks'],
    timeoutMs: TIMEOUT_MS,
    async run(c) {
      const inbox = c.webhooks();
      const [sender, receiver] = [await c.connect(), await c.connect()];
      // Each node has a call of its own under way.
      const nodes = c.target.provides['several-processes']?.endpoints.length ?? 1;
      for (let i = 0; i < nodes; i++) inbox.answers.push('hang');
      const first = c.channel();
      await sender.subscribe(first);
      await inbox.untilCalls(1);
      const channel = c.channel('private-');
      await promptly('subscriptions', async () => {
        for (const socket of [sender, receiver]) await socket.subscribe(channel);
      });
      for (let i = 0; i < ROUNDS; i++) {
        await promptly('events', async () => {
          sender.sendClientEvent(channel, `${i}`);
          await receiver.expectFrame({ event: 'client-x', channel, data: `${i}` });
          await c.http().publish({ channel, name: 'e', data: `${i}` });
          for (const socket of [sender, receiver]) await socket.expectFrame({ event: 'e', channel, data: `${i}` });
        });
      }
      assert.deepEqual(inbox.events, [], 'the endpoint has not answered so far');
      const { triesMs } = c.provision('webhooks');
      await inbox.until('all events', () => inbox.events.length >= ROUNDS + 2 || undefined, triesMs);
      const events = inbox.events.splice(0);
      const sent = events.filter(({ name }) => name === 'client_event').map(({ data }) => data);
      assert.deepEqual(
        sent,
        Array.from({ length: ROUNDS }, (_, i) => `${i}`),
      );
      const others = events.filter(({ name }) => name !== 'client_event');
      assert.deepEqual(new Set(others), new Set([first, channel].map(occupied)));
      assert.equal(others.length, 2);
    },
  },
  {
    id: 'WH-25',
    statement: 'What a killed server owed an endpoint that was down is told by the next one, in order.',
    needs: ['webhooks', 'durable-webhooks'],
    disturbs: ['durable-webhooks'],
    timeoutMs: TIMEOUT_MS,
    async run(c) {
      const { endpoint, path, kill, start, withinMs } = c.provision('durable-webhooks');
      const inbox = c.webhooks(path);
      inbox.answers.push(...Array.from({ length: 1000 }, () => 500));
      const channel = c.channel('private-');
      const [sender, receiver] = [await c.connect({ endpoint }), await c.connect({ endpoint })];
      for (const socket of [sender, receiver]) await socket.subscribe(channel);
      for (let i = 0; i < ROUNDS; i++) {
        sender.sendClientEvent(channel, `${i}`);
        await receiver.expectFrame({ event: 'client-x', channel, data: `${i}` });
      }
      const { length } = await inbox.untilCalls(2, c.provision('webhooks').triesMs);
      await kill();
      assert.deepEqual(inbox.events, [], `none of ${length} calls was answered with 2xx`);
      inbox.answers.length = 0;
      await start();
      await inbox.until('what was owed', () => (inbox.events.length > ROUNDS ? true : undefined), withinMs);
      await inbox.expect(occupied(channel));
      for (let i = 0; i < ROUNDS; i++) assert.equal((await inbox.next('a client event'))['data'], `${i}`);
    },
  },
];
