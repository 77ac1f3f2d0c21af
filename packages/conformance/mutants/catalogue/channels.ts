import { inFile, type Mutant } from '../mutant.ts';

/** Who gets what on a channel, and in which order. */
export const CHANNELS: readonly Mutant[] = [
  ...inFile('packages/core/src/handlers/subscribe.ts', [
    {
      name: 'confirms-a-second-subscription',
      find: 'if (connection.subscriptions.has(name.raw)) {',
      replace: 'if (false) {',
      rows: ['SB-03', 'SB-04'],
    },
    {
      name: 'confirms-a-subscription-behind-its-events',
      find: '  connection.send(confirmation);',
      replace: '  setTimeout(() => connection.send(confirmation), 30);',
      rows: ['SB-14', 'CA-02', 'PR-21', 'SC-01'],
    },
    {
      name: 'counts-before-it-sends-what-is-kept',
      find: '  if (channel.name.cached) sendKeptEvent(hub, connection, subscription);\n  reportCount(hub, space, channel);',
      replace:
        '  reportCount(hub, space, channel);\n  if (channel.name.cached) sendKeptEvent(hub, connection, subscription);',
      rows: ['CA-15'],
    },
    {
      name: 'sends-no-cache-miss',
      find: 'connection.send(isWanted ? kept.text : serverMessages.cacheMiss(raw));',
      replace: 'if (isWanted) connection.send(kept.text);',
      rows: ['CA-01', 'CA-06'],
    },
    {
      name: 'sends-no-kept-event',
      find: 'connection.send(isWanted ? kept.text : serverMessages.cacheMiss(raw));',
      replace: 'connection.send(serverMessages.cacheMiss(raw));',
      rows: ['CA-02', 'CA-09', 'CA-14', 'CA-16'],
    },
    {
      name: 'looks-for-a-kept-event-on-every-channel',
      find: 'if (channel.name.cached) sendKeptEvent',
      replace: 'sendKeptEvent',
      rows: ['CA-08'],
    },
    {
      name: 'tells-no-channel-that-it-was-refused',
      find: 'connection.send(serverMessages.subscriptionError(channel, error.refusal, error.message));',
      replace: '',
      rows: ['AU-24', 'PR-17'],
    },
  ]),
  ...inFile('packages/core/src/handlers/unsubscribe.ts', [
    {
      name: 'goes-on-sending-after-an-unsubscribe',
      find: 'channel.audience.remove(connection, subscription);',
      replace: '',
      rows: ['SB-05'],
    },
    {
      name: 'keeps-quiet-about-an-unsubscribe-from-nothing',
      find: "connection.sendError(protocolError('noSubscription', message.channel));",
      replace: '',
      rows: ['SB-06'],
    },
    {
      name: 'counts-on-presence-channels-too',
      find: " && kind !== 'presence'",
      replace: '',
      rows: ['PR-27'],
    },
    {
      name: 'lists-the-channels-of-users',
      find: "if (kind === 'user') return;",
      replace: '',
      rows: ['SI-13', 'CH-22'],
    },
    {
      name: 'forgets-that-a-member-leaves',
      find: 'if (member !== null) hub.ports.registry.leave(space.app.id, channel.name.raw, member.userId);',
      replace: '',
      rows: ['PR-03', 'PR-04', 'PR-22'],
    },
  ]),
  ...inFile('packages/core/src/handlers/client-event.ts', [
    {
      name: 'sends-client-events-back-to-the-sender',
      find: '{ channel, text, except: connection.id, key, ...plain }',
      replace: "{ channel, text, except: '', key, ...plain }",
      rows: ['CE-01', 'CE-03', 'CE-17', 'CE-21'],
    },
    {
      name: 'names-the-signed-in-user-on-private-channels',
      find: 'connection.subscriptions.get(channel)?.member?.userId ?? null;',
      replace: 'connection.subscriptions.get(channel)?.member?.userId ?? connection.user?.id ?? null;',
      rows: ['CE-04'],
    },
    {
      name: 'takes-client-events-of-apps-without-them',
      find: "if (!app.clientMessages) return protocolError('clientEventsDisabled');",
      replace: '',
      rows: ['CE-10'],
    },
    {
      name: 'takes-client-events-on-public-channels',
      find: "name.kind === 'public' || ",
      replace: '',
      rows: ['CE-06'],
    },
    {
      name: 'takes-client-events-of-strangers-to-the-channel',
      find: "if (subscription?.state !== 'active') return protocolError('clientEventNotSubscribed');",
      replace: '',
      rows: ['CE-07'],
    },
    {
      name: 'takes-client-event-names-of-201-characters',
      find: 'message.event.length > limits.maxEventNameLength',
      replace: 'message.event.length > limits.maxEventNameLength + 1',
      rows: ['CE-16'],
    },
    {
      name: 'counts-client-events-in-characters',
      find: 'Buffer.byteLength(message.data)',
      replace: 'message.data.length',
      rows: ['CE-13'],
    },
  ]),
  ...inFile('packages/core/src/handlers/sign-in.ts', [
    {
      name: 'watches-101-users',
      find: 'watchlist.slice(0, MAX_WATCHLIST)',
      replace: 'watchlist',
      rows: ['WL-06'],
    },
    {
      name: 'has-watchlists-in-every-app',
      find: 'if (connection.space.app.watchlistEvents) watch(',
      replace: 'watch(',
      rows: ['WL-05'],
    },
  ]),
  ...inFile('packages/core/src/fanout.ts', [
    {
      name: 'leaves-nobody-out',
      find: 'if (connection === except) continue;\n    connection.transport',
      replace: 'connection.transport',
      rows: ['CE-01', 'EV-14', 'BA-07'],
    },
    {
      name: 'tells-members-of-themselves',
      find: 'if (connection !== except) connection.transport.send(frame);',
      replace: 'connection.transport.send(frame);',
      rows: ['PR-02'],
    },
  ]),
  ...inFile('packages/core/src/broadcast.ts', [
    {
      name: 'leaves-nobody-out-on-other-processes',
      find: 'channel, kept, except, payload',
      replace: "channel, kept, except: '', payload",
      rows: ['EV-15'],
    },
    {
      name: 'sends-nothing-to-other-processes',
      find: '  if (!backbone.hasPeers) return;\n  const toAll',
      replace: '  return;\n  const toAll',
      rows: ['EV-23', 'CE-17', 'SI-11'],
    },
  ]),
  ...inFile('packages/core/src/receive.ts', [
    {
      name: 'does-not-answer-pings',
      find: 'connection.send(serverMessages.PONG);',
      replace: '',
      rows: ['PG-01', 'PG-02', 'PG-11', 'PG-12'],
    },
  ]),
  ...inFile('packages/core/src/hub.ts', [
    {
      name: 'announces-members-to-themselves',
      find: 'serverMessages.memberAdded(channel, member), except: socketId }',
      replace: "serverMessages.memberAdded(channel, member), except: '' }",
      rows: ['PR-02'],
    },
    {
      name: 'tells-old-clients-the-activity-timeout',
      find: 'protocol >= ACTIVITY_TIMEOUT_SINCE ?',
      replace: 'protocol >= 4 ?',
      rows: ['HS-06'],
    },
    {
      name: 'terminates-one-connection-of-a-user',
      find: 'for (const connection of connections) connection.transport.close(CLOSE.userTerminated);',
      replace:
        'for (const connection of [...connections].slice(0, 1)) connection.transport.close(CLOSE.userTerminated);',
      rows: ['TE-03'],
    },
    {
      name: 'closes-unauthorised-connections-without-an-error',
      find: "connection.sendError(protocolError('notAuthorised'));",
      replace: '',
      rows: ['HS-34'],
    },
    {
      name: 'lets-the-next-app-use-the-channels-of-another',
      find: 'space = new AppSpace(this.#newest(app), this.ports.metrics.app(app.id), this.options.deltas);',
      replace:
        'space = this.#spaces.values().next().value ?? new AppSpace(app, this.ports.metrics.app(app.id), this.options.deltas);',
      rows: ['HS-38'],
    },
  ]),
  ...inFile('packages/core/src/departures.ts', [
    {
      name: 'keeps-subscriptions-of-closed-connections',
      find: 'endSubscription(this.#hub, connection, subscription);',
      replace: '',
      rows: ['SB-15', 'PR-04', 'CH-23'],
    },
  ]),
  ...inFile('packages/core/src/channel.ts', [
    {
      name: 'keeps-the-events-of-all-apps-together',
      find: '`${appId}:${channel}`',
      replace: '`:${channel}`',
      rows: ['HS-38'],
    },
  ]),
  ...inFile('packages/core/src/admission.ts', [
    {
      name: 'counts-unauthorised-connections-under-the-quota',
      find: 'if (quota !== undefined && !app.authorisedOnly)',
      replace: 'if (quota !== undefined)',
      rows: ['HS-37'],
    },
  ]),
];
