import { channelStringToSign, sign, signinStringToSign } from '@sluice/protocol';
import { APP } from '@sluice/testkit';
import fc from 'fast-check';
import {
  applyCuts,
  type Cut,
  cuts,
  field,
  flag,
  hostileJson,
  type Members,
  membersOf,
  objectText,
  strangeMembers,
} from '../hostile.ts';
import { channelName, eventName, meetingPlace, userId } from '../names.ts';

/** One message of a client. What has to be signed for its connection is signed when it is sent. */
export interface Message {
  /** Which of the connections sends it. */
  readonly from: number;
  readonly members: Members;
  /** Null: there is no `data`, or `members` has it. */
  readonly data: Members | null;
  readonly isSigned: boolean;
  /** Whether `data` is a string of JSON. */
  readonly isDataText: boolean;
  readonly cuts: readonly Cut[];
}

type Content = Pick<Message, 'members' | 'data'>;

function json(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return text.map((value) => JSON.stringify(value));
}

const event = (name: string): Members => [['event', JSON.stringify(name)]];

const channelData = fc
  .tuple(fc.record({ user_id: field(json(userId)), user_info: field(hostileJson) }), cuts)
  .map(([fields, some]) => JSON.stringify(applyCuts(objectText(membersOf(fields)), some)));

const userData = fc
  .tuple(
    fc.record({
      id: field(json(userId)),
      user_info: field(hostileJson),
      watchlist: field(fc.array(json(userId), { maxLength: 4 }).map((ids) => `[${ids.join()}]`)),
    }),
    cuts,
  )
  .map(([fields, some]) => JSON.stringify(applyCuts(objectText(membersOf(fields)), some)));

function withData(
  name: string,
  fields: Readonly<Record<string, fc.Arbitrary<string | undefined>>>,
): fc.Arbitrary<Content> {
  return fc.record(fields).map((values) => ({ members: event(name), data: membersOf(values) }));
}

const content: fc.Arbitrary<Content> = fc.oneof(
  {
    weight: 8,
    arbitrary: withData('pusher:subscribe', { channel: field(json(meetingPlace)), channel_data: field(channelData) }),
  },
  { weight: 3, arbitrary: withData('pusher:subscribe', { channel: field(json(channelName)) }) },
  { weight: 4, arbitrary: withData('pusher:unsubscribe', { channel: field(json(channelName)) }) },
  { weight: 3, arbitrary: withData('pusher:signin', { user_data: field(userData) }) },
  { weight: 1, arbitrary: withData('pusher:ping', { x: hostileJson }) },
  {
    weight: 8,
    arbitrary: fc
      .record({ channel: field(json(meetingPlace)), data: field(hostileJson) })
      .map((fields) => ({ members: [...event('client-e'), ...membersOf(fields)], data: null })),
  },
  {
    weight: 6,
    arbitrary: fc
      .record({ event: field(json(eventName)), channel: field(json(channelName)), data: field(hostileJson) })
      .map((fields) => ({ members: membersOf(fields), data: null })),
  },
);

export const message: fc.Arbitrary<Message> = fc
  .record({
    from: fc.nat({ max: 2 }),
    content,
    strange: strangeMembers,
    isSigned: flag(10).map((isBare) => !isBare),
    isDataText: flag(10),
    cuts,
  })
  .map(({ content: { members, data }, strange, ...rest }) => ({ ...rest, data, members: [...members, ...strange] }));

/** As it goes over the connection with this socket id. */
export function renderMessage({ members, data, isSigned, isDataText, cuts: some }: Message, socketId: string): string {
  if (data === null) return applyCuts(objectText(members), some);
  const signed = isSigned ? [...data, ['auth', JSON.stringify(authOf(data, socketId))] as const] : data;
  const text = objectText(signed);
  return applyCuts(objectText([...members, ['data', isDataText ? JSON.stringify(text) : text]]), some);
}

/** What the app's own server would give. */
function authOf(data: Members, socketId: string): string {
  const [channel, channelData, userData] = ['channel', 'channel_data', 'user_data'].map((name) => textIn(data, name));
  const signed =
    userData === undefined
      ? channelStringToSign(socketId, channel ?? '', channelData)
      : signinStringToSign(socketId, userData);
  return `${APP.key}:${sign(APP.secret, signed)}`;
}

function textIn(data: Members, wanted: string): string | undefined {
  const value = data.find(([name]) => name === wanted)?.[1];
  try {
    const parsed: unknown = JSON.parse(value ?? '');
    return typeof parsed === 'string' ? parsed : undefined;
  } catch {
    return undefined;
  }
}
