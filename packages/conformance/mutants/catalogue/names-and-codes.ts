import { inFile, type Mutant } from '../mutant.ts';

/** What channels may be called, close codes, texts and codes of errors, limits. */
export const NAMES_AND_CODES: readonly Mutant[] = [
  ...inFile('packages/protocol/src/channel-name.ts', [
    {
      name: 'takes-a-colon-in-channel-names',
      find: '/^[A-Za-z0-9_',
      replace: '/^[:A-Za-z0-9_',
      rows: ['SB-12', 'EV-13'],
    },
    {
      name: 'takes-channel-names-of-165-characters',
      find: 'raw.length > maxLength',
      replace: 'raw.length > maxLength + 1',
      rows: ['SB-10'],
    },
    {
      name: 'finds-the-kind-anywhere-in-a-channel-name',
      find: 'raw.startsWith(prefix)',
      replace: 'raw.includes(prefix)',
      rows: ['AU-22', 'CA-08'],
    },
    {
      name: 'takes-private-cache-channels-for-public-ones',
      find: "['private-cache-', 'private', true]",
      replace: "['private-cache-', 'public', true]",
      rows: ['AU-17'],
    },
    {
      name: 'keeps-nothing-on-presence-cache-channels',
      find: "['presence-cache-', 'presence', true]",
      replace: "['presence-cache-', 'presence', false]",
      rows: ['CA-05', 'PR-21'],
    },
    {
      name: 'lets-everybody-into-encrypted-channels',
      find: " || kind === 'encrypted';",
      replace: ';',
      rows: ['AU-16', 'AU-18'],
    },
  ]),
  ...inFile('packages/protocol/src/close-codes.ts', [
    { name: 'closes-unknown-keys-with-4000', find: 'code: 4001', replace: 'code: 4000', rows: ['HS-08', 'HS-09'] },
    {
      name: 'tells-unknown-keys-less-than-pusher',
      find: ' Did you forget to specify the cluster?',
      replace: '',
      rows: ['HS-08'],
    },
    { name: 'closes-disabled-apps-with-4001', find: 'code: 4003', replace: 'code: 4001', rows: ['HS-10'] },
    { name: 'lets-clients-over-quota-come-back', find: 'code: 4004', replace: 'code: 4100', rows: ['HS-11', 'HS-21'] },
    { name: 'closes-unknown-paths-with-4001', find: 'code: 4005', replace: 'code: 4001', rows: ['HS-13'] },
    { name: 'closes-malformed-versions-with-4007', find: 'code: 4006', replace: 'code: 4007', rows: ['HS-14'] },
    {
      name: 'closes-other-versions-with-4006',
      find: 'unsupportedProtocol: { code: 4007',
      replace: 'unsupportedProtocol: { code: 4006',
      rows: ['HS-15', 'HS-16'],
    },
    { name: 'closes-missing-versions-with-4007', find: 'code: 4008', replace: 'code: 4007', rows: ['HS-18'] },
    {
      name: 'lets-clients-of-a-full-node-come-back-at-once',
      find: "overCapacity: { code: 4100, reason: 'Over capacity' }",
      replace: "overCapacity: { code: 4200, reason: 'Over capacity' }",
      rows: ['HS-23'],
    },
    {
      name: 'closes-terminated-users-with-4200',
      find: 'userTerminated: { code: 4009',
      replace: 'userTerminated: { code: 4200',
      rows: ['TE-02', 'TE-08'],
    },
    { name: 'closes-binary-frames-with-1008', find: 'code: 1003', replace: 'code: 1008', rows: ['HS-27'] },
    { name: 'closes-silent-clients-with-4202', find: 'code: 4201', replace: 'code: 4202', rows: ['PG-06'] },
    {
      name: 'closes-with-1001-at-a-shutdown',
      find: 'reconnect: { code: 4200',
      replace: 'reconnect: { code: 1001',
      rows: ['HS-22'],
    },
    { name: 'closes-binary-frames-with-4301', find: 'code: 1003', replace: 'code: 4301', rows: ['HS-24', 'HS-27'] },
  ]),
  ...inFile('packages/protocol/src/errors.ts', [
    {
      name: 'has-a-text-of-its-own-for-second-subscriptions',
      find: "'Existing subscription to channel %s'",
      replace: "'Already subscribed to %s'",
      rows: ['SB-03'],
    },
    {
      name: 'does-not-say-what-has-to-be-signed',
      find: "'Invalid signature: Expected HMAC SHA256 hex digest of %s, but got %s'",
      replace: "'Invalid signature'",
      rows: ['AU-06', 'AU-14'],
    },
    { name: 'has-no-code-for-the-client-event-rate', find: 'code: 4301', replace: 'code: null', rows: ['CE-11'] },
    { name: 'has-another-code-for-long-watchlists', find: 'code: 4302', replace: 'code: 4303', rows: ['WL-06'] },
    {
      name: 'calls-a-full-channel-an-auth-error',
      find: "const LIMIT_REACHED: Refusal = { type: 'LimitReached', status: 403 }",
      replace: "const LIMIT_REACHED: Refusal = { type: 'AuthError', status: 401 }",
      rows: ['PR-17'],
    },
  ]),
  ...inFile('packages/protocol/src/limits.ts', [
    { name: 'refuses-protocol-4', find: 'MIN_PROTOCOL = 4', replace: 'MIN_PROTOCOL = 5', rows: ['HS-17'] },
    { name: 'takes-protocol-8', find: 'MAX_PROTOCOL = 7', replace: 'MAX_PROTOCOL = 8', rows: ['HS-16'] },
    {
      name: 'takes-timestamps-of-an-hour-ago',
      find: 'REQUEST_WINDOW_SECONDS = 600',
      replace: 'REQUEST_WINDOW_SECONDS = 3600',
      rows: ['HA-08'],
    },
  ]),
];
