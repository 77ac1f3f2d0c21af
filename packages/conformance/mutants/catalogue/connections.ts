import { inFile, type Mutant } from '../mutant.ts';

/** Handshake, life and end of connections; what all processes of a server know together. */
export const CONNECTIONS: readonly Mutant[] = [
  ...inFile('packages/ws-engine/src/handshake.ts', [
    {
      name: 'does-not-decode-keys',
      find: 'return decodeURIComponent(encoded);',
      replace: 'return encoded;',
      rows: ['HS-40'],
    },
    {
      name: 'takes-a-missing-protocol-for-7',
      find: 'rules.allowMissingProtocol ?',
      replace: 'true ?',
      rows: ['HS-18'],
    },
  ]),
  ...inFile('packages/ws-engine/src/engine.ts', [
    { name: 'lets-disabled-apps-connect', find: 'if (!app.enabled) {', replace: 'if (false) {', rows: ['HS-10'] },
    {
      name: 'does-not-insist-on-tls',
      find: 'if (app.forceTls && ',
      replace: 'if (false && ',
      rows: ['HS-19'],
    },
    {
      name: 'selects-a-subprotocol',
      find: 'handleProtocols: () => false',
      replace: 'handleProtocols: (offered) => [...offered][0] ?? false',
      rows: ['HS-25'],
    },
    {
      name: 'takes-messages-a-byte-too-long',
      find: 'maxPayload: options.maxPayloadBytes',
      replace: 'maxPayload: options.maxPayloadBytes + 1',
      rows: ['HS-33'],
    },
    {
      name: 'takes-binary-frames-for-text',
      find: "if (kind === 'binary') client.close(CLOSE.binaryFrame);\n    else ",
      replace: '',
      rows: ['HS-27'],
    },
    {
      name: 'does-not-hear-messages',
      find: "kind: 'text' | 'binary'): void {\n    this.heard(client);",
      replace: "kind: 'text' | 'binary'): void {",
      rows: ['PG-07'],
    },
  ]),
  ...inFile('packages/ws-engine/src/close-error.ts', [
    {
      name: 'tells-old-clients-nothing-before-a-close',
      find: 'CLOSE_ONLY_SINCE = 6',
      replace: 'CLOSE_ONLY_SINCE = 1',
      rows: ['HS-09'],
    },
    {
      name: 'sends-an-error-before-every-close',
      find: 'CLOSE_ONLY_SINCE = 6',
      replace: 'CLOSE_ONLY_SINCE = 8',
      rows: ['HS-08', 'HS-13', 'HS-27'],
    },
  ]),
  ...inFile('packages/ws-engine/src/liveness.ts', [
    { name: 'does-not-ping', find: 'client.ws.ping();', replace: ';', rows: ['PG-05', 'PG-06'] },
    { name: 'never-gives-up-a-client', find: 'client.close(this.#closeReason);', replace: '', rows: ['PG-06'] },
  ]),
  ...inFile('packages/ws-engine/src/pusher-web-socket.ts', [
    { name: 'does-not-hear-pongs', find: "  ws.on('pong', onHeartbeat);\n", replace: '', rows: ['PG-05', 'PG-08'] },
  ]),
  ...inFile('packages/cluster/src/registry/channel-record.ts', [
    {
      name: 'lets-a-101st-user-in',
      find: 'this.#members.size >= maxMembers',
      replace: 'this.#members.size > maxMembers',
      rows: ['PR-17'],
    },
    {
      name: 'announces-every-connection-of-a-user',
      find: '.map((p) => p.member), isNew, isNewHere }',
      replace: '.map((p) => p.member), isNew: true, isNewHere }',
      rows: ['PR-05', 'PR-07', 'PR-08'],
    },
    {
      name: 'says-goodbye-while-another-connection-is-left',
      find: 'return connections.total === 0 && this.#members.delete(userId);',
      replace: 'return this.#members.delete(userId);',
      rows: ['PR-06', 'PR-07'],
    },
    {
      name: 'counts-one-process-only',
      find: 'this.#counts.set(owner, subscriptions);',
      replace:
        'for (const other of this.#counts.workers()) this.#counts.drop(other);\n    this.#counts.set(owner, subscriptions);',
      rows: ['SC-05', 'CH-09', 'EV-20'],
    },
  ]),
  ...inFile('packages/cluster/src/registry/user-record.ts', [
    {
      name: 'calls-a-user-offline-while-a-connection-is-left',
      find: '    if (!this.#connections.take(owner)) return false;\n    return !this.isOnline;',
      replace: '    if (!this.#connections.take(owner)) return false;\n    return true;',
      rows: ['WL-03'],
    },
    {
      name: 'calls-a-user-online-again',
      find: 'this.#connections.add(worker, 1);\n    return !wasOnline;',
      replace: 'this.#connections.add(worker, 1);\n    return true;',
      rows: ['WL-03'],
    },
  ]),
  ...inFile('packages/cluster/src/registry/count-announcer.ts', [
    {
      name: 'counts-large-channels-every-second',
      find: 'LARGE_INTERVAL_MS = 5000',
      replace: 'LARGE_INTERVAL_MS = 1000',
      rows: ['SC-06'],
    },
  ]),
  ...inFile('packages/cluster/src/registry/event-cache.ts', [
    {
      name: 'keeps-events-for-ever',
      find: 'if (ttlMs > 0) return',
      replace: 'if (ttlMs !== 0) return',
      rows: ['CA-04'],
    },
    {
      name: 'keeps-the-first-event',
      find: 'this.#forget(key);\n    const bytes',
      replace: 'if (this.#entries.has(key)) return;\n    const bytes',
      rows: ['CA-02'],
    },
  ]),
  ...inFile('packages/cluster/src/registry/slots.ts', [
    {
      name: 'lets-one-connection-too-many-in',
      find: '?.total ?? 0) >= max) return false;',
      replace: '?.total ?? 0) > max) return false;',
      rows: ['HS-11', 'HS-23'],
    },
  ]),
  ...inFile('packages/cluster/src/registry/merged-state.ts', [
    {
      name: 'keeps-the-members-of-a-dead-process',
      find: 'for (const userId of gone) this.#removed(workers, { ...ref, userId });',
      replace: '',
      rows: ['PR-24'],
    },
    {
      name: 'announces-counts-to-nobody',
      find: 'if (record.announces && count !== before) {',
      replace: 'if (false) {',
      rows: ['SC-01', 'SC-02', 'SC-03', 'SC-08'],
    },
    {
      name: 'tells-no-watcher-who-comes',
      find: 'if (record.join(worker)) this.#listener.userOnline(record.watchers, user);',
      replace: 'record.join(worker);',
      rows: ['WL-02', 'WL-04', 'WL-09'],
    },
    {
      name: 'tells-no-watcher-who-goes',
      find: 'if (record.leave(owner)) this.#listener.userOffline(record.watchers, user);',
      replace: 'record.leave(owner);',
      rows: ['WL-03', 'SI-14', 'TE-09'],
    },
  ]),
  ...inFile('apps/server/src/http-listener.ts', [
    { name: 'finds-every-path', find: 'reply.code(404)', replace: 'reply.code(200)', rows: ['HA-28'] },
    {
      name: 'ends-the-connection-after-each-answer',
      find: 'if (this.#draining || !this.#direct(request, response))',
      replace: 'response.shouldKeepAlive = false; if (this.#draining || !this.#direct(request, response))',
      rows: ['HA-26'],
    },
  ]),
];
