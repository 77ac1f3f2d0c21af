import { inFile, type Mutant } from '../mutant.ts';

/** What operators' endpoints are told, and when. */
export const WEBHOOKS: readonly Mutant[] = [
  ...inFile('packages/cluster/src/registry/merged-state.ts', [
    {
      name: 'tells-no-webhook-that-a-channel-is-vacated',
      find: "this.#happened({ type: 'channel_vacated', appId, channel });",
      replace: '',
      rows: ['WH-05', 'WH-18', 'WH-24'],
    },
    {
      name: 'tells-webhooks-twice-that-a-channel-is-occupied',
      find: "this.#happened({ type: 'channel_occupied', appId, channel });",
      replace: "[1, 2].forEach(() => this.#happened({ type: 'channel_occupied', appId, channel }));",
      rows: ['WH-04', 'WH-18', 'WH-20', 'CA-10'],
    },
    {
      name: 'tells-no-webhook-of-new-members',
      find: "this.#happened({ type: 'member_added', appId, channel, userId: member.userId });",
      replace: '',
      rows: ['WH-07', 'WH-18'],
    },
  ]),
  ...inFile('packages/cluster/src/primary/local-hub.ts', [
    {
      name: 'forgets-to-clean-up-after-a-dead-worker',
      find: 'this.#registry.dropOwner(owner);',
      replace: '',
      rows: ['WH-24', 'PR-24'],
    },
  ]),
  ...inFile('packages/cluster/src/registry/channel-record.ts', [
    {
      name: 'takes-every-connection-of-a-user-for-a-new-member',
      find: 'const isNew = presence === undefined;',
      replace: 'const isNew = true;',
      rows: ['WH-09', 'WH-18'],
    },
  ]),
  ...inFile('packages/cluster/src/registry/count-announcer.ts', [
    {
      name: 'counts-large-channels-at-every-change',
      find: 'if (event.count > LARGE) this.#rest(key, event);',
      replace: '',
      rows: ['WH-12', 'SC-06'],
    },
  ]),
  ...inFile('packages/core/src/handlers/subscribe.ts', [
    {
      name: 'tells-webhooks-of-a-miss-where-there-was-an-event',
      find: "if (kept !== null || !app.webhookEvents.includes('cache_miss')) return;",
      replace: '',
      rows: ['CA-10'],
    },
  ]),
  ...inFile('packages/core/src/handlers/unsubscribe.ts', [
    {
      name: 'tells-webhooks-of-an-unsubscribe-from-nothing',
      find: "connection.sendError(protocolError('noSubscription', message.channel));",
      replace:
        "connection.sendError(protocolError('noSubscription', message.channel));\n    hub.ports.registry.emit({ type: 'channel_vacated', appId: connection.space.app.id, channel: message.channel });",
      rows: ['WH-22'],
    },
  ]),
  ...inFile('packages/webhooks/src/debounce.ts', [
    {
      name: 'tells-webhooks-of-departures-at-once',
      find: 'if (!this.#held.has(subjectOf(event))) {',
      replace: 'return true;\n        {',
      rows: ['WH-06', 'WH-08'],
    },
    {
      name: 'tells-webhooks-who-is-back',
      find: 'return !this.undo(event);',
      replace: 'this.undo(event);\n        return true;',
      rows: ['WH-06', 'WH-08'],
    },
  ]),
  ...inFile('packages/webhooks/src/recent-misses.ts', [
    {
      name: 'tells-webhooks-of-every-miss',
      find: 'if (toldAt !== undefined && now < toldAt + WINDOW_MS) return false;',
      replace: '',
      rows: ['WH-11', 'WH-18'],
    },
  ]),
  ...inFile('packages/webhooks/src/body.ts', [
    {
      name: 'tells-webhooks-no-user-of-a-client-event',
      find: "kind === 'presence' && userId !== null ? { ...common, user_id: userId } : common",
      replace: 'common',
      rows: ['WH-10'],
    },
    {
      name: 'writes-client-events-as-objects',
      find: 'event: title, data, socket_id: socketId',
      replace: 'event: title, data: { data }, socket_id: socketId',
      rows: ['WH-10', 'WH-18'],
    },
    {
      name: 'writes-seconds-into-time-ms',
      find: '"time_ms":${Math.floor(timeMs)}',
      replace: '"time_ms":${timeMs / 1000}',
      rows: ['WH-03'],
    },
  ]),
  ...inFile('packages/webhooks/src/headers.ts', [
    {
      name: 'names-a-charset-to-webhooks',
      find: "'Content-Type': 'application/json',",
      replace: "'Content-Type': 'application/json; charset=utf-8',",
      rows: ['WH-01', 'WH-02', 'WH-16', 'WH-17', 'WH-20', 'WH-21'],
    },
    {
      name: 'signs-webhooks-with-the-key',
      find: 'sign(secret, body)',
      replace: 'sign(key, body)',
      rows: ['WH-01', 'WH-02', 'WH-16', 'WH-17', 'WH-20', 'WH-21'],
    },
  ]),
  ...inFile('packages/webhooks/src/http-caller.ts', [
    {
      name: 'follows-redirects-of-webhooks',
      find: "redirect: 'manual'",
      replace: "redirect: 'follow'",
      rows: ['WH-13'],
    },
    {
      name: 'takes-client-errors-of-webhooks-for-answers',
      find: 'return response.ok ? null',
      replace: 'return response.status < 500 ? null',
      rows: ['WH-13'],
    },
    {
      name: 'takes-200-alone-for-a-success-of-webhooks',
      find: 'return response.ok ? null',
      replace: 'return response.status === 200 ? null',
      rows: ['WH-14'],
    },
  ]),
  ...inFile('packages/webhooks/src/backoff.ts', [
    {
      name: 'retries-webhooks-after-equal-gaps',
      find: 'initialBackoffMs * 2 ** (failures - 1)',
      replace: 'initialBackoffMs * (failures > 0 ? 1 : 0)',
      rows: ['WH-13'],
    },
  ]),
  ...inFile('packages/webhooks/src/endpoint.ts', [
    {
      name: 'retries-webhooks-for-ever',
      find: '> Math.max(at, this.#failingSince) + this.#context.retry.maxElapsedMs',
      replace: '> Math.max(at, this.#failingSince) + 3_600_000',
      rows: ['WH-13'],
      needs: ['short-webhook-retries'],
    },
    {
      name: 'makes-a-webhook-call-anew-at-each-try',
      find: 'this.#load.call ??= this.#callOf(events);',
      replace: 'this.#load.call = this.#callOf(events.map((event) => ({ ...event, timeMs: Date.now() })));',
      rows: ['WH-15'],
    },
    {
      name: 'batches-webhooks-though-it-is-not-to',
      find: 'this.#queue.take(enabled && this.#alone === 0 ? size : 1, MAX_CALL_BYTES)',
      replace: 'this.#queue.take(size, MAX_CALL_BYTES)',
      rows: ['WH-03'],
    },
    {
      name: 'batches-no-webhooks',
      find: 'this.#queue.take(enabled && this.#alone === 0 ? size : 1, MAX_CALL_BYTES)',
      replace: 'this.#queue.take(1, MAX_CALL_BYTES)',
      rows: ['WH-17'],
    },
    {
      name: 'turns-the-order-of-a-batch-around',
      find: 'const texts = events.map(({ text }) => text);',
      replace: 'const texts = events.map(({ text }) => text).reverse();',
      rows: ['WH-17'],
    },
    {
      name: 'tells-every-webhook-of-all-types',
      find: 'return eventTypes === null || eventTypes.includes(type);',
      replace: 'return true || eventTypes === null || eventTypes.includes(type);',
      rows: ['WH-20'],
    },
    {
      name: 'stops-the-server-while-an-endpoint-does-not-answer',
      find: '    this.#queue.push(this.#noted(event));\n',
      replace:
        '    this.#queue.push(this.#noted(event));\n    const until = Date.now() + (this.#load === null ? 0 : 1500);\n    while (Date.now() < until);\n',
      rows: ['WH-23'],
    },
  ]),
  ...inFile('packages/webhooks/src/webhooks.ts', [
    {
      name: 'tells-the-first-webhook-of-an-app-alone',
      find: 'for (const endpoint of audience.endpoints) {\n      if (this.#flushes',
      replace: 'for (const endpoint of audience.endpoints.slice(0, 1)) {\n      if (this.#flushes',
      rows: ['WH-19', 'WH-20'],
    },
    {
      name: 'waits-with-webhooks-for-the-slowest-endpoint',
      find: 'for (const endpoint of audience.endpoints) {\n      if (this.#flushes',
      replace:
        'if (this.#endpoints.all().some((endpoint) => endpoint.queued > 0)) {\n      setTimeout(() => this.#send(event, audience), 50);\n      return;\n    }\n    for (const endpoint of audience.endpoints) {\n      if (this.#flushes',
      rows: ['WH-19'],
    },
  ]),
  ...inFile('apps/server/src/config/app-fields.ts', [
    {
      name: 'signs-webhooks-with-the-newest-key',
      find: 'export function toWebhookApp({ id, key, secret: appSecret, webhooks }: AppRecord): WebhookApp {',
      replace:
        'export function toWebhookApp({ id, key: first, secret: firstSecret, additional_keys: more, webhooks }: AppRecord): WebhookApp {\n  const { key, secret: appSecret } = more.at(-1) ?? { key: first, secret: firstSecret };',
      rows: ['WH-01', 'WH-21'],
    },
  ]),
  ...inFile('apps/server/src/primary.ts', [
    {
      name: 'tells-the-webhooks-of-one-app-of-all',
      find: 'onEvent: (event) => webhooks.emit(event),',
      replace: 'onEvent: (event) => webhooks.emit({ ...event, appId: [...apps.keys()][0] ?? event.appId }),',
      rows: ['WH-16', 'WH-12'],
    },
  ]),
  ...inFile('packages/webhooks/src/inheritance.ts', [
    {
      name: 'takes-over-nothing-of-dead-nodes',
      find: '  inherited(entries: readonly InheritedEntry[]): number {\n',
      replace:
        '  inherited(entries: readonly InheritedEntry[]): number {\n    if (entries.length > 0) return entries.length;\n',
      rows: ['WH-25'],
    },
  ]),
];
