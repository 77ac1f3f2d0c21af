import type { Change } from './change.ts';
import { ChangeTexts, encodePiece, type Piece } from './change-codec.ts';
import type { ChannelRecord } from './channel-record.ts';
import type { ChannelRef, Directory } from './directory.ts';
import type { Slots } from './slots.ts';

/** What the workers of this node hold together, as the changes that lead there from nothing, record by record. */
export function* changesOfAll({ apps }: Directory, slots: Slots): Iterable<readonly Change[]> {
  for (const [appId, app] of apps) {
    for (const [channel, record] of app.channels) yield changesOf(record, { appId, channel });
    for (const [userId, record] of app.users) yield record.isOnlineHere ? [{ type: 'user_joined', appId, userId }] : [];
  }
  for (const name of slots.namesHere()) yield [{ type: 'slots', name, held: slots.here(name) }];
}

function changesOf(record: ChannelRecord, { appId, channel }: ChannelRef): Change[] {
  const { subscriptionsHere: subscriptions, announces: announce } = record;
  const changes: Change[] = [];
  if (subscriptions > 0) changes.push({ type: 'count', appId, channel, subscriptions, announce });
  for (const member of record.membersHere()) changes.push({ type: 'joined', appId, channel, member });
  return changes;
}

/** At least one piece, so that an empty node has a snapshot too. A step is a record, or a piece that is written. */
export function* piecesOf(version: number, records: Iterable<readonly Change[]>): Generator<void, Buffer[]> {
  const lists: (readonly string[])[] = [];
  const texts = new ChangeTexts((list) => lists.push(list));
  for (const changes of records) {
    for (const change of changes) texts.add(change);
    yield;
  }
  texts.take();
  if (lists.length === 0) lists.push([]);
  const pieces: Buffer[] = [];
  for (const [index, list] of lists.entries()) {
    pieces.push(encodePiece({ version, index, pieces: lists.length }, list));
    yield;
  }
  return pieces;
}

/** Whether they are all pieces of one snapshot, in order. */
export function isWhole(pieces: readonly Piece[]): boolean {
  const version = pieces[0]?.version;
  return (
    pieces.length > 0 &&
    pieces.every((piece, i) => piece.version === version && piece.index === i && piece.pieces === pieces.length)
  );
}
