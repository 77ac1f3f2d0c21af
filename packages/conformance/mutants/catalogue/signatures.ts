import { inFile, type Mutant } from '../mutant.ts';

/** Who is let in: signatures of subscriptions, sign-ins and requests. */
export const SIGNATURES: readonly Mutant[] = [
  ...inFile('packages/protocol/src/signature.ts', [
    {
      name: 'takes-signatures-in-upper-case',
      find: "Buffer.from(signature, 'utf8')",
      replace: "Buffer.from(signature.toLowerCase(), 'utf8')",
      rows: ['AU-23', 'HA-22'],
    },
    {
      name: 'leaves-channel-data-out-of-what-is-signed',
      find: '`${socketId}:${channel}:${channelData}`',
      replace: '`${socketId}:${channel}`',
      rows: ['AU-02', 'AU-13', 'AU-14'],
    },
    {
      name: 'leaves-empty-channel-data-out-of-what-is-signed',
      find: 'return channelData === undefined ?',
      replace: "return channelData === undefined || channelData === '' ?",
      rows: ['AU-15'],
    },
    {
      name: 'signs-parameters-in-the-order-they-came',
      find: 'if (!isSorted) pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));',
      replace: '',
      rows: ['HA-15'],
    },
    {
      name: 'signs-sign-ins-like-channels',
      find: '`${socketId}::user::${userData}`',
      replace: '`${socketId}:${userData}`',
      rows: ['SI-01', 'AU-03'],
    },
  ]),
  ...inFile('packages/core/src/handlers/authorise.ts', [
    {
      name: 'takes-subscriptions-without-auth',
      find: "if (auth === '') return protocolError('authRequired', subject);",
      replace: "if (auth === '') return undefined;",
      rows: ['AU-08'],
    },
    {
      name: 'takes-any-signature-of-a-subscription',
      find: 'if (!isSignatureOf(parts.signature, secret, signed))',
      replace: 'if (false)',
      rows: ['AU-06', 'AU-11', 'AU-12', 'AU-17', 'AU-26', 'SI-02', 'SI-18'],
    },
    {
      name: 'takes-a-key-that-is-not-of-the-app',
      find: 'secretOf(app, parts.key);',
      replace: 'secretOf(app, parts.key) ?? app.credentials[0].secret;',
      rows: ['AU-10'],
    },
    {
      name: 'lets-everybody-have-the-events-of-a-user',
      find: 'if (connection.user?.id === name.userId) return ADMITTED;',
      replace: 'return ADMITTED;',
      rows: ['SI-09', 'SI-10'],
    },
    {
      name: 'lets-nobody-into-presence-without-a-name',
      find: "if (user === null) return { error: protocolError('channelDataRequired', name.raw) };",
      replace: "if (user === null) return { member: { userId: connection.id, info: 'null' } };",
      rows: ['PR-12'],
    },
    {
      name: 'prefers-the-sign-in-to-channel-data',
      find: 'if (channelData !== undefined) {',
      replace: 'if (channelData !== undefined && connection.user === null) {',
      rows: ['PR-14'],
    },
  ]),
  ...inFile('packages/core/src/app.ts', [
    {
      name: 'knows-only-the-first-key-of-an-app',
      find: 'app.credentials.find((credential) => credential.key === key)?.secret',
      replace: 'app.credentials.slice(0, 1).find((credential) => credential.key === key)?.secret',
      rows: ['AU-25', 'HA-23'],
    },
  ]),
  ...inFile('packages/core/src/handlers/sign-in.ts', [
    {
      name: 'does-not-check-the-signature-of-a-sign-in',
      find: 'if (error !== undefined) {',
      replace: 'if (false) {',
      rows: ['SI-02', 'SI-07', 'SI-18'],
    },
    {
      name: 'lets-a-connection-change-its-user',
      find: 'if (connection.user !== null && connection.user.id !== parsed.user.id) {',
      replace: 'if (false) {',
      rows: ['SI-05', 'SI-17'],
    },
  ]),
  ...inFile('packages/http-api/src/auth.ts', [
    {
      name: 'takes-a-signature-for-another-method',
      find: 'if (isSignatureOf(signature, secret, expected)) return;',
      replace:
        "if (['GET', method].some((m) => isSignatureOf(signature, secret, requestStringToSign(m, path, query)))) return;",
      rows: ['HA-19'],
    },
    {
      name: 'takes-a-signature-for-another-path',
      find: 'if (isSignatureOf(signature, secret, expected)) return;',
      replace:
        "if ([path, '/apps/other/events'].some((p) => isSignatureOf(signature, secret, requestStringToSign(method, p, query)))) return;",
      rows: ['HA-20'],
    },
    {
      name: 'takes-any-signature-of-a-request',
      find: 'if (isSignatureOf(signature, secret, expected)) return;',
      replace: 'return;',
      rows: ['HA-09', 'HA-17', 'HA-18', 'HA-19', 'HA-20', 'HA-22'],
    },
    {
      name: 'takes-a-path-only-as-it-was-signed',
      find: 'const decoded = decodePath(path);',
      replace: 'const decoded = path;',
      rows: ['HA-21'],
    },
    { name: 'does-not-compare-body-md5', find: '!isMd5Of(digest, body)', replace: 'false', rows: ['HA-11'] },
    {
      name: 'takes-a-body-without-body-md5',
      find: "if (body.length > 0) throw httpError('bodyDigestRequired');",
      replace: '',
      rows: ['HA-10'],
    },
    {
      name: 'takes-a-timestamp-600-seconds-off',
      find: '>= REQUEST_WINDOW_SECONDS',
      replace: '> REQUEST_WINDOW_SECONDS',
      rows: ['HA-08'],
    },
    {
      name: 'takes-a-request-without-a-timestamp',
      find: "throw httpError('timestampRequired');",
      replace: 'return;',
      rows: ['HA-07'],
    },
    {
      name: 'takes-any-auth-version',
      find: "if (version !== '1.0') throw httpError('versionNotSupported');",
      replace: '',
      rows: ['HA-06'],
    },
    {
      name: 'takes-the-key-of-another-app',
      find: "if (app.id !== request.appId) throw httpError('keyOfOtherApp', request.appId);",
      replace: '',
      rows: ['HA-05'],
    },
  ]),
];
