import fc from 'fast-check';
import { hostileText } from './hostile.ts';

/** A few, so that cases meet on them. */
const CHANNELS = [
  'news',
  'private-a',
  'presence-a',
  'cache-a',
  'private-cache-a',
  'presence-cache-a',
  'private-encrypted-a',
  'private-encrypted-cache-a',
  '#server-to-user-u1',
];
/** Where clients may send events. */
const MEETING_PLACES = ['private-a', 'presence-a', 'presence-cache-a'];
const USERS = ['u1', 'u2', '10', '__proto__', 'constructor', 'é'];
const EVENTS = ['client-e', 'e', 'pusher:ping', 'pusher_internal:member_added', 'pusher:error', 'client-__proto__'];
const PUBLISHED = ['e', 'update', 'client-e', 'é', '__proto__', 'pusher:error'];

function mostly(names: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...names) },
    { weight: 1, arbitrary: hostileText },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...names), hostileText).map((parts) => parts.join('')) },
  );
}

export const channelName = mostly(CHANNELS);
export const meetingPlace = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...MEETING_PLACES) },
  { weight: 1, arbitrary: channelName },
);
export const userId = mostly(USERS);
export const eventName = mostly(EVENTS);
export const publishedName = mostly(PUBLISHED);
export const socketId = fc.oneof(fc.constantFrom('1.1', '123.456', '1', '1.1.1', '-1.2', '1.2\n'), hostileText);
