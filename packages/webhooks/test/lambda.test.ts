import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LambdaAnswer, LambdaReceiver, until, WebhookReceiver } from '@sluice/testkit';
import { app, hmac, lambda, occupied, said, SECRET, start, target } from './set-up.ts';

// Else a target without credentials would ask for those of the machine, over its network.
process.env['AWS_EC2_METADATA_DISABLED'] = 'true';

const TYPES = ['Event', 'RequestResponse'] as const;

describe('an invocation', () => {
  for (const invocationType of TYPES) {
    it(`has the payload and headers that a function verifies, and is signed for its region: ${invocationType}`, async (t) => {
      const receiver = await LambdaReceiver.start(t);
      const headers = { 'X-Custom': 'ü "', 'x-pusher-key': 'not this' };
      const webhooks = start(t, app(lambda(receiver, { headers, changes: { invocationType } })));
      webhooks.emit(said('a', 'grüße 😀 \ud800 " 1e21'));
      await until('the call', () => webhooks.counters.sent === 1);
      const [{ payload, headers: received, ...about } = assert.fail()] = receiver.invocations;
      assert.deepEqual(about, { functionName: 'f', type: invocationType, region: 'eu-north-1', isAuthentic: true });
      // As the example of soketi's documentation does.
      assert.equal(received['X-Pusher-Signature'], hmac(SECRET, JSON.stringify(payload)));
      assert.deepEqual(Object.entries(received).slice(0, -1), [
        ['X-Custom', 'ü "'],
        ['Content-Type', 'application/json'],
        ['X-Pusher-Key', app().key],
      ]);
      const [{ body } = assert.fail()] = receiver.calls;
      assert.ok(body.startsWith(`{"payload":${JSON.stringify(payload)},"headers":{`), body);
      assert.deepEqual(Object.keys(payload), ['time_ms', 'events']);
      assert.equal(payload.events[0]?.['data'], 'grüße 😀 \ud800 " 1e21');
    });
  }

  it('goes to a function by its ARN, too', async (t) => {
    const functionName = 'arn:aws:lambda:eu-north-1:123456789012:function:f:live';
    const receiver = await LambdaReceiver.start(t);
    const webhooks = start(t, app(lambda(receiver, { changes: { functionName } })));
    webhooks.emit(occupied('a'));
    await until('the call', () => webhooks.counters.sent === 1);
    assert.deepEqual(
      receiver.invocations.map((invocation) => [invocation.functionName, invocation.isAuthentic]),
      [[functionName, true]],
    );
  });

  it('holds a batch', async (t) => {
    const receiver = await LambdaReceiver.start(t);
    const batching = { enabled: true, durationMs: 60_000, size: 3 };
    const webhooks = start(t, app(lambda(receiver)), { batching });
    for (const channel of ['a', 'b', 'c', 'd']) webhooks.emit(occupied(channel));
    await until('three', () => webhooks.counters.sent === 3);
    await webhooks.flush(5000);
    assert.deepEqual(
      receiver.invocations.map(({ payload }) => payload.events.map(({ channel }) => channel)),
      [['a', 'b', 'c'], ['d']],
    );
  });

  it('is signed with the credentials of the environment when the target has none', async (t) => {
    const receiver = await LambdaReceiver.start(t);
    withEnvironment(t, {
      AWS_ACCESS_KEY_ID: receiver.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: receiver.credentials.secretAccessKey,
      AWS_REGION: 'us-west-2',
    });
    const webhooks = start(t, app(lambda(receiver, { changes: { credentials: null } })));
    webhooks.emit(occupied('a'));
    await until('the call', () => webhooks.counters.sent === 1);
    assert.deepEqual(
      receiver.invocations.map(({ region, isAuthentic }) => [region, isAuthentic]),
      [['eu-north-1', true]],
    );
  });
});

const FAILURES: readonly (readonly [answer: LambdaAnswer, reason: string])[] = [
  [500, 'status 500 (ServiceException)'],
  [429, 'status 429 (TooManyRequestsException)'],
  [403, 'status 403 (AccessDeniedException)'],
  [404, 'status 404 (ResourceNotFoundException)'],
  [301, 'status 301'],
  [502, 'status 502'],
  ['function error', 'the function failed'],
  ['hang', 'no answer in time'],
  ['endless body', 'no answer in time'],
  ['reset', 'ECONNRESET'],
  ['garbage', 'HPE_INVALID_CONSTANT'],
];

describe('an invocation that fails', () => {
  for (const [answer, reason] of FAILURES) {
    it(`is made again with the same bytes, says why, and lets nothing overtake it: ${answer}`, async (t) => {
      const receiver = await LambdaReceiver.start(t);
      receiver.answers.push(answer, answer);
      const changes = { invocationType: 'RequestResponse' } as const;
      const webhooks = start(t, app(lambda(receiver, { changes })), { requestTimeoutMs: 150 });
      webhooks.emit(said('a', 'ä'));
      webhooks.emit(occupied('later'));
      await until('both events', () => webhooks.counters.sent === 2);
      const [first, ...again] = receiver.calls.slice(0, 3).map(({ body }) => body);
      assert.deepEqual(again, [first, first]);
      assert.deepEqual(receiver.told, ['client_event a', 'channel_occupied later']);
      assert.equal(receiver.calls.length, 4, 'the SDK makes no tries of its own');
      assert.equal(webhooks.counters.failedAttempts, 2);
      const [line] = webhooks.log.find('failed and is tried again');
      assert.equal(line?.fields['reason'], reason);
      assert.deepEqual([line.fields['function'], line.fields['region']], ['f', 'eu-north-1']);
    });
  }

  it('is given up after its time, and neither data nor secrets are logged', async (t) => {
    const receiver = await LambdaReceiver.start(t);
    receiver.answer = 500;
    const retry = { maxElapsedMs: 200, initialBackoffMs: 20, maxBackoffMs: 50 };
    const headers = { 'X-Token': 'the-hidden-token' };
    const webhooks = start(t, app(lambda(receiver, { headers })), { retry });
    webhooks.emit(said('a', 'the-hidden-data'));
    await until('the dead letter', () => webhooks.counters.deadLettered === 1);
    const [line] = webhooks.log.find('given up');
    assert.deepEqual(line?.fields, {
      app: '1001',
      webhook: 0,
      function: 'f',
      region: 'eu-north-1',
      events: ['client_event'],
      count: 1,
      reason: 'status 500 (ServiceException)',
    });
    const logged = JSON.stringify(webhooks.log.lines);
    for (const secret of ['hidden', SECRET, receiver.credentials.accessKeyId]) assert.ok(!logged.includes(secret));
  });

  it('as too large is made again event by event', async (t) => {
    const receiver = await LambdaReceiver.start(t);
    receiver.answers.push(413, 'done', 413);
    const batching = { enabled: true, durationMs: 60_000, size: 2 };
    const webhooks = start(t, app(lambda(receiver)), { batching });
    for (const channel of ['a', 'b']) webhooks.emit(occupied(channel));
    await until('the end', () => webhooks.counters.queued === 0);
    assert.deepEqual(receiver.told, ['channel_occupied a']);
    assert.deepEqual([webhooks.counters.sent, webhooks.counters.deadLettered], [1, 1]);
  });

  it('for want of an endpoint or of credentials says so, and in time', async (t) => {
    const receiver = await LambdaReceiver.start(t);
    const nowhere = await LambdaReceiver.start(t);
    nowhere.stop();
    const none = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_PROFILE: undefined };
    const noFiles = { AWS_SHARED_CREDENTIALS_FILE: '/dev/null', AWS_CONFIG_FILE: '/dev/null' };
    withEnvironment(t, { ...none, ...noFiles });
    const retry = { maxElapsedMs: 10, initialBackoffMs: 50, maxBackoffMs: 50 };
    const targets = [lambda(nowhere), lambda(receiver, { changes: { credentials: null } })];
    const webhooks = start(t, app(...targets), { retry });
    webhooks.emit(occupied('a'));
    await until('the end', () => webhooks.counters.deadLettered === 2);
    const reasons = webhooks.log.find('given up').map(({ fields }) => String(fields['reason']));
    assert.deepEqual(reasons.sort(), ['CredentialsProviderError', 'ECONNREFUSED']);
    assert.equal(receiver.calls.length, 0);
  });

  it('for credentials that do not come ends when its time is over', async (t) => {
    const receiver = await LambdaReceiver.start(t);
    // Where containers find their credentials; this one hangs.
    const machine = await WebhookReceiver.start(t);
    machine.answer = 'hang';
    withEnvironment(t, {
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: machine.url,
    });
    const retry = { maxElapsedMs: 1, initialBackoffMs: 50, maxBackoffMs: 50 };
    const webhooks = start(t, app(lambda(receiver, { changes: { credentials: null } })), {
      retry,
      requestTimeoutMs: 100,
    });
    webhooks.emit(occupied('a'));
    await until('the end', () => webhooks.counters.deadLettered === 1, 900);
    assert.equal(webhooks.log.find('given up')[0]?.fields['reason'], 'no answer in time');
  });
});

describe('a function that is down', () => {
  it('gets everything once and in order when it is back, and holds up no endpoint', async (t) => {
    const receiver = await LambdaReceiver.start(t);
    const other = await WebhookReceiver.start(t);
    receiver.answer = 429;
    const batching = { enabled: true, durationMs: 5, size: 7 };
    const webhooks = start(t, app(lambda(receiver), target(other.url)), { batching });
    const sent = Array.from({ length: 200 }, (_, i) => String(i));
    for (const data of sent) webhooks.emit(said('a', data));
    await until('the other', () => other.events.length === 200);
    await until('a few tries', () => receiver.calls.length > 2);
    receiver.answer = 'done';
    await until('all', () => webhooks.counters.sent === 400);
    assert.deepEqual(
      receiver.events.map(({ data }) => data),
      sent,
    );
    assert.equal(receiver.maxConcurrent, 1);
  });

  it('does not hold up the end', async (t) => {
    const receiver = await LambdaReceiver.start(t);
    receiver.answer = 'hang';
    const webhooks = start(t, app(lambda(receiver)), { requestTimeoutMs: 60_000 });
    webhooks.emit(occupied('a'));
    await until('the call', () => receiver.calls.length === 1);
    const startedAt = performance.now();
    await webhooks.flush(100);
    await webhooks.close();
    assert.ok(performance.now() - startedAt < 10_000);
    assert.equal(webhooks.counters.dropped, 1);
    await until('the call to be cut off', () => receiver.open === 0);
  });
});

/** Sets variables, or takes them away, until the end of a test. */
function withEnvironment(
  t: { after: (fn: () => void) => void },
  variables: Readonly<Record<string, string | undefined>>,
): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    t.after(() => set(name, before));
    set(name, value);
  }
}

function set(name: string, value: string | undefined): void {
  if (value === undefined) Reflect.deleteProperty(process.env, name);
  else process.env[name] = value;
}
