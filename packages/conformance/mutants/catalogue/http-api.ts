import { inFile, type Mutant } from '../mutant.ts';

/** What publishers may send, and what the HTTP API answers. */
export const HTTP_API: readonly Mutant[] = [
  ...inFile('packages/core/src/publish.ts', [
    {
      name: 'takes-events-for-101-channels',
      find: 'channels.length > limits.maxChannelsPerEvent',
      replace: 'channels.length > limits.maxChannelsPerEvent + 1',
      rows: ['EV-06'],
    },
    {
      name: 'takes-event-names-of-201-characters',
      find: 'name.length > limits.maxEventNameLength',
      replace: 'name.length > limits.maxEventNameLength + 1',
      rows: ['EV-12'],
    },
    {
      name: 'counts-events-in-characters',
      find: 'Buffer.byteLength(data) > limits.maxEventBytes',
      replace: 'data.length > limits.maxEventBytes',
      rows: ['EV-11'],
    },
    {
      name: 'takes-names-of-the-protocol',
      find: "return publishError('reservedName', name);",
      replace: 'name.trim();',
      rows: ['EV-28'],
    },
    {
      name: 'sends-twice-where-a-channel-is-named-twice',
      find: 'for (const raw of new Set(channels)) {',
      replace: 'for (const raw of channels) {',
      rows: ['EV-21'],
    },
    {
      name: 'takes-any-socket-id',
      find: 'if (socketId !== undefined && !isSocketId(socketId))',
      replace: 'if (false)',
      rows: ['EV-17'],
    },
    {
      name: 'keeps-no-events',
      find: 'if (kept) hub.ports.registry.keep({ appId: app.id, channel, text, tagsJson, ttlMs: hub.options.cacheTtlMs });',
      replace: '',
      rows: ['CA-02', 'CA-03', 'CA-05', 'CA-11', 'CA-14'],
    },
  ]),
  ...inFile('packages/http-api/src/event-parameters.ts', [
    {
      name: 'ignores-socket-id',
      find: "socketId: socketId === null || socketId === '' ? undefined : socketId,",
      replace: 'socketId: undefined,',
      rows: ['EV-14', 'EV-15', 'EV-17', 'BA-07', 'CA-16'],
    },
    {
      name: 'refuses-empty-data',
      find: 'if (data === undefined || data === null)',
      replace: 'if (!data)',
      rows: ['EV-09'],
    },
    {
      name: 'sends-data-that-is-no-text-as-an-object',
      find: "data: typeof data === 'string' ? data : JSON.stringify(data)",
      replace: 'data: String(data)',
      rows: ['EV-26'],
    },
  ]),
  ...inFile('packages/http-api/src/routes/events.ts', [
    {
      name: 'takes-batches-of-11-events',
      find: 'batch.length > maxBatchSize)',
      replace: 'batch.length > maxBatchSize + 1)',
      rows: ['BA-02'],
    },
    {
      name: 'answers-batches-without-info',
      find: 'return { batch: await Promise.all(asked.map((one) => batchInfo(hub, app, one))) };',
      replace: 'return {};',
      rows: ['BA-05'],
    },
    {
      name: 'answers-the-deprecated-publish-with-200',
      find: 'reply.code(202)',
      replace: 'reply.code(200)',
      rows: ['EV-32'],
    },
  ]),
  ...inFile('packages/http-api/src/publishing.ts', [
    {
      name: 'refuses-large-events-with-400',
      find: "reason === 'too_large' ? 413 : 400",
      replace: '400',
      rows: ['EV-10', 'BA-04'],
    },
    {
      name: 'answers-before-other-processes-have-the-event',
      find: 'return hub.ports.backbone.takenUp();',
      replace: 'return undefined;',
      rows: ['EV-24'],
      needs: ['several-processes'],
    },
  ]),
  ...inFile('packages/http-api/src/refusal.ts', [
    {
      name: 'refuses-as-json',
      find: "'text/plain; charset=utf-8'",
      replace: "'application/json; charset=utf-8'",
      rows: ['HA-25'],
    },
    {
      name: 'ends-refusals-without-a-newline',
      find: '`${message}\\n`',
      replace: 'message',
      rows: ['HA-25', 'CH-05'],
    },
  ]),
  ...inFile('packages/http-api/src/auth.ts', [
    {
      name: 'takes-requests-of-disabled-apps',
      find: "if (!app.enabled) throw httpError('appDisabled');",
      replace: '',
      rows: ['HA-24'],
    },
  ]),
  ...inFile('packages/http-api/src/info.ts', [
    {
      name: 'ignores-info',
      find: 'asked.add(name);',
      replace: '',
      rows: ['EV-18', 'EV-20', 'CH-04', 'CH-12', 'BA-05'],
    },
    {
      name: 'takes-unknown-attributes',
      find: "if (name === undefined) throw httpError('unknownAttribute', part.trim(), available.join(', '));",
      replace: 'if (name === undefined) continue;',
      rows: ['CH-06'],
    },
    {
      name: 'counts-users-of-every-channel',
      find: "asked.has('user_count') && isPresence(summary.channel)",
      replace: "asked.has('user_count')",
      rows: ['EV-19'],
    },
  ]),
  ...inFile('packages/http-api/src/routes/channels.ts', [
    {
      name: 'ignores-filter-by-prefix',
      find: 'channels(app.id, prefix)',
      replace: "channels(app.id, '')",
      rows: ['CH-02', 'CH-03'],
    },
    {
      name: 'counts-users-without-a-filter',
      find: "if (info.has('user_count') && !isPresence(prefix)) throw httpError('userCountNeedsPresenceFilter');",
      replace: '',
      rows: ['CH-05'],
    },
    {
      name: 'counts-users-of-a-public-channel',
      find: "throw httpError('userCountNeedsPresence');",
      replace: 'info.has(name.raw as Attribute);',
      rows: ['CH-13'],
    },
    {
      name: 'calls-every-channel-occupied',
      find: 'occupied: summary.subscriptions > 0, ...attributesOf',
      replace: 'occupied: true, ...attributesOf',
      rows: ['CH-10', 'CH-15'],
    },
    { name: 'lists-users-as-text', find: 'users.map((id) => ({ id }))', replace: 'users', rows: ['CH-18'] },
    {
      name: 'lists-users-of-a-public-channel',
      find: "if (kind !== 'presence') throw httpError('usersNeedPresence');",
      replace: "if (kind !== 'presence') return { users: [] };",
      rows: ['CH-17'],
    },
    {
      name: 'counts-where-counts-are-off',
      find: "throw httpError('subscriptionCountDisabled');",
      replace: 'info.size.toFixed();',
      rows: ['CH-14'],
    },
    {
      name: 'tells-the-ttl-in-milliseconds',
      find: 'Math.ceil(kept.ttlMs / 1000)',
      replace: 'Math.ceil(kept.ttlMs)',
      rows: ['CA-11'],
    },
    {
      name: 'has-a-cache-on-every-channel',
      find: "if (!name.cached) throw httpError('cacheNeedsCacheChannel');",
      replace: '',
      rows: ['CA-13'],
    },
  ]),
  ...inFile('packages/http-api/src/plugin.ts', []),
  ...inFile('packages/http-api/src/request.ts', [
    {
      name: 'takes-names-of-parameters-as-they-are',
      find: 'pairs.push([part.slice(0, equals).toLowerCase(), part.slice(equals + 1)]);',
      replace: 'pairs.push([part.slice(0, equals), part.slice(equals + 1)]);',
      rows: ['HA-13'],
    },
    {
      name: 'does-not-decode-queries',
      find: 'if (NOT_PLAIN.test(text))',
      replace: 'if (false)',
      rows: ['HA-14'],
    },
    {
      name: 'takes-only-one-channel-of-a-query',
      find: 'if (Array.isArray(list)) list.push(value);',
      replace: 'if (Array.isArray(list) && list.length === 0) list.push(value);',
      rows: ['HA-16'],
    },
    {
      name: 'takes-a-body-that-is-no-object',
      find: "if (!isJsonObject(parsed.value)) throw httpError('invalidBody', 'expected a JSON object');",
      replace: "if (!isJsonObject(parsed.value)) return { name: 'e', data: 'd', channel: 'c' };",
      rows: ['HA-27'],
    },
  ]),
  ...inFile('packages/http-api/src/routes/users.ts', [
    {
      name: 'terminates-nobody',
      find: 'hub.ports.registry.terminateUser({ appId: app.id, userId });',
      replace: '',
      rows: ['TE-01', 'TE-02', 'TE-07', 'TE-09', 'HA-21'],
    },
    {
      name: 'answers-a-termination-with-ok',
      find: 'return {};',
      replace: 'return { ok: true };',
      rows: ['TE-01', 'TE-06'],
    },
  ]),
];
