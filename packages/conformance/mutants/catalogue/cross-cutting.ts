import { inFile, type Mutant } from '../mutant.ts';

/** What no part of the server answers for alone. */
export const CROSS_CUTTING: readonly Mutant[] = [
  ...inFile('packages/http-api/src/plugin.ts', [
    {
      name: 'refuses-requests-of-pages',
      find: "  api.addHook('preHandler', async (request) => {\n",
      replace:
        "  api.addHook('preHandler', async (request) => {\n    if (request.headers.origin !== undefined) throw httpError('appDisabled');\n",
      rows: ['XC-02'],
    },
  ]),
  ...inFile('packages/http-api/src/info.ts', [
    {
      name: 'lists-channels-in-an-object-with-a-prototype',
      find: 'Object.create(null) as Record<string, T>',
      replace: '{}',
      rows: ['XC-11'],
    },
  ]),
  ...inFile('packages/http-api/src/auth.ts', [
    {
      name: 'logs-the-signature-that-it-expected',
      find: "  throw httpError('invalidSignature', expected",
      replace:
        "  process.stdout.write(process.getBuiltinModule('node:crypto').createHmac('sha256', secret).update(expected).digest('hex'));\n  throw httpError('invalidSignature', expected",
      rows: ['XC-12'],
    },
  ]),
  ...inFile('apps/server/src/primary.ts', [
    {
      name: 'logs-the-keys-of-its-apps',
      find: 'apps: settings.apps.map((app) => app.id),',
      replace:
        'apps: settings.apps.map((app) => [app.id, app.credentials]).flat(3).map((part) => JSON.stringify(part)),',
      rows: ['XC-12'],
    },
  ]),
  ...inFile('packages/webhooks/src/http-caller.ts', [
    {
      name: 'logs-the-whole-url-of-a-webhook',
      find: 'origin: this.#address.origin',
      replace: 'origin: destination.url',
      rows: ['XC-12'],
    },
  ]),
  ...inFile('packages/core/src/fanout.ts', [
    {
      name: 'leaves-one-delivery-in-a-thousand-out',
      find: '    connection.transport.send(frame);\n',
      replace: '    if (Math.random() > 0.001) connection.transport.send(frame);\n',
      rows: ['XC-06'],
    },
    {
      name: 'delivers-to-one-subscriber-alone',
      find: 'connection.transport.send(frame);\n    recipients++;\n',
      replace: 'connection.transport.send(frame);\n    recipients++;\n    break;\n',
      rows: ['XC-01', 'XC-04', 'XC-05', 'XC-06'],
    },
    {
      name: 'delivers-to-the-sender-too',
      find: 'if (connection === except) continue;\n    connection.transport',
      replace: 'connection.transport',
      rows: ['XC-04'],
    },
  ]),
  ...inFile('packages/ws-engine/src/client-socket.ts', [
    {
      name: 'lets-slow-clients-wait-without-a-bound',
      find: 'if (!this.#isFull(batch, frame)) {',
      replace: 'if (batch.count >= 0) {',
      rows: ['XC-07'],
    },
    {
      name: 'tells-slow-clients-to-come-back-at-once',
      find: 'this.#end(CLOSE.slowConsumer);',
      replace: 'this.#end(CLOSE.reconnect);',
      rows: ['XC-07'],
    },
  ]),
  ...inFile('packages/cluster/src/primary/local-hub.ts', [
    {
      name: 'tells-no-member-who-has-left',
      find: "memberRemoved: (owners, event) => this.#tellSome(owners, { ...event, type: 'member_removed' }),",
      replace: 'memberRemoved: () => {},',
      rows: ['XC-03', 'WH-08'],
    },
    {
      name: 'cuts-all-workers-off-when-one-has-died',
      find: '    for (const topic of this.#router.dropOwner(owner)) this.#interest.leave(topic);\n',
      replace: '    for (const each of [owner, ...this.#links.keys()]) this.#router.dropOwner(each);\n',
      rows: ['XC-08'],
    },
  ]),
];
