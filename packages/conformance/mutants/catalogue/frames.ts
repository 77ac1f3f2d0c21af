import { inFile, type Mutant } from '../mutant.ts';

/** What clients are sent, and how what they send is read. */
export const FRAMES: readonly Mutant[] = [
  ...inFile('packages/protocol/src/server-messages.ts', [
    {
      name: 'greets-with-a-timeout-in-text',
      find: String.raw`\\"activity_timeout\\":${'${activityTimeout}'}`,
      replace: String.raw`\\"activity_timeout\\":\\"${'${activityTimeout}'}\\"`,
      rows: ['HS-05'],
    },
    {
      name: 'sends-pongs-without-data',
      find: '{"event":"pusher:pong","data":"{}"}',
      replace: '{"event":"pusher:pong"}',
      rows: ['PG-03'],
    },
    {
      name: 'encodes-the-data-of-a-success-once',
      find: 'subscription_succeeded","channel":"${channel}","data":"{}"}',
      replace: 'subscription_succeeded","channel":"${channel}","data":{}}',
      rows: ['SB-01'],
    },
    { name: 'lists-members-without-hash', find: ',"hash":{${hash.join()}}', replace: '', rows: ['PR-01', 'PR-02'] },
    { name: 'lists-members-without-ids', find: ',"ids":[${ids.join()}]', replace: '', rows: ['PR-01'] },
    {
      name: 'always-lists-one-member',
      find: '"count":${members.length}',
      replace: '"count":1',
      rows: ['PR-18'],
    },
    {
      name: 'encodes-the-data-of-a-new-member-once',
      find: 'member_added","channel":"${channel}","data":${JSON.stringify(data)}',
      replace: 'member_added","channel":"${channel}","data":${data}',
      rows: ['PR-02'],
    },
    {
      name: 'announces-members-without-user-info',
      find: ',"user_info":${member.info}}',
      replace: '}',
      rows: ['PR-02'],
    },
    {
      name: 'tells-more-than-the-id-of-who-leaves',
      find: '`{"user_id":${JSON.stringify(userId)}}`',
      replace: '`{"user_id":${JSON.stringify(userId)},"user_info":null}`',
      rows: ['PR-03'],
    },
    {
      name: 'does-not-escape-what-publishers-send',
      find: '"channel":"${channel}","data":${dataJson}}',
      replace: '"channel":"${channel}","data":"${JSON.parse(dataJson)}"}',
      rows: ['EV-03', 'EV-25'],
    },
    {
      name: 'sends-client-events-without-user-id',
      find: '${JSON.stringify(data)}${user}}',
      replace: '${JSON.stringify(data)}}',
      rows: ['CE-03'],
    },
    {
      name: 'encodes-the-data-of-errors',
      find: '"data":{"code":${error.code},"message":${JSON.stringify(error.message)}}',
      replace: '"data":${JSON.stringify(JSON.stringify({ code: error.code, message: error.message }))}',
      rows: ['HS-28', 'SB-06'],
    },
    {
      name: 'refuses-channels-without-a-status',
      find: ', status: refusal.status',
      replace: '',
      rows: ['AU-24'],
    },
    {
      name: 'encodes-the-data-of-a-sign-in-once',
      find: 'JSON.stringify(JSON.stringify({ user_data: userData }))',
      replace: 'JSON.stringify({ user_data: userData })',
      rows: ['SI-01'],
    },
    {
      name: 'sends-a-count-as-text',
      find: '{"subscription_count":${count}}',
      replace: '{"subscription_count":"${count}"}',
      rows: ['SC-01', 'SC-07'],
    },
    {
      name: 'sends-watchlist-events-without-users',
      find: '.filter(({ user_ids: ids }) => ids.length > 0)',
      replace: '',
      rows: ['WL-02'],
    },
  ]),
  ...inFile('packages/protocol/src/client-messages.ts', [
    {
      name: 'does-not-know-pusher-pong',
      find: '      return PONG;',
      replace: "      return { error: protocolError('unsupportedEvent', event) };",
      rows: ['PG-09'],
    },
    {
      name: 'finds-client-anywhere-in-the-name-of-an-event',
      find: "if (event.startsWith('client-'))",
      replace: "if (event.includes('client-'))",
      rows: ['CE-09'],
    },
    {
      name: 'passes-on-events-of-the-protocol',
      find: "if (event.startsWith('client-'))",
      replace: "if (event.startsWith('client-') || event.startsWith('pusher'))",
      rows: ['CE-19'],
    },
    {
      name: 'encodes-text-of-client-events-again',
      find: "if (typeof data === 'string') return data;",
      replace: '',
      rows: ['CE-02'],
    },
  ]),
  ...inFile('packages/protocol/src/presence.ts', [
    {
      name: 'refuses-user-ids-that-are-numbers',
      find: "const userId = typeof id === 'number' ? String(id) : id;",
      replace: 'const userId = id;',
      rows: ['PR-09', 'PR-10', 'WL-10'],
    },
    {
      name: 'takes-user-ids-of-129-characters',
      find: 'return userId.length > MAX_USER_ID_LENGTH',
      replace: 'return userId.length > MAX_USER_ID_LENGTH + 1',
      rows: ['PR-20'],
    },
    {
      name: 'counts-user-info-in-characters',
      find: 'Buffer.byteLength(text) > maxInfoBytes',
      replace: 'text.length > maxInfoBytes',
      rows: ['PR-19'],
    },
    { name: 'has-empty-user-info-for-none', find: "? 'null' :", replace: "? '{}' :", rows: ['PR-11'] },
    {
      name: 'signs-in-users-without-an-id',
      find: "if (typeof id !== 'string' || id === '')",
      replace: "if (typeof id !== 'string')",
      rows: ['SI-03'],
    },
  ]),
  ...inFile('packages/protocol/src/payload.ts', [
    {
      name: 'takes-no-subscribe-as-text',
      find: 'return parsed.ok && isJsonObject(parsed.value) ? parsed.value : EMPTY;',
      replace: 'return EMPTY;',
      rows: ['SB-09'],
    },
  ]),
];
