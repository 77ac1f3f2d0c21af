import type { Change } from './change.ts';
import { ChangeTexts, encodePiece, type Piece } from './change-codec.ts';
import type { Directory } from './directory.ts';
import type { Slots } from './slots.ts';

/** What the workers of this node hold together, as the changes that lead there from nothing. */
export function* changesOfAll({ apps }: Directory, slots: Slots): Iterable<Change> {
  for (const [appId, app] of apps) {
    for (const [channel, record] of app.channels) {
      const { subscriptionsHere: subscriptions, announces: announce } = record;
      if (subscriptions > 0) yield { type: 'count', appId, channel, subscriptions, announce };
      for (const member of record.membersHere()) yield { type: 'joined', appId, channel, member };
    }
    for (const [userId, record] of app.users) if (record.isOnlineHere) yield { type: 'user_joined', appId, userId };
  }
  for (const name of slots.namesHere()) yield { type: 'slots', name, held: slots.here(name) };
}

/** At least one piece, so that an empty node has a snapshot too. */
export function piecesOf(version: number, changes: Iterable<Change>): Buffer[] {
  const lists: (readonly string[])[] = [];
  const texts = new ChangeTexts((list) => lists.push(list));
  for (const change of changes) texts.add(change);
  texts.take();
  if (lists.length === 0) lists.push([]);
  return lists.map((list, index) => encodePiece({ version, index, pieces: lists.length }, list));
}

/** Whether they are all pieces of one snapshot, in order. */
export function isWhole(pieces: readonly Piece[]): boolean {
  const version = pieces[0]?.version;
  return (
    pieces.length > 0 &&
    pieces.every((piece, i) => piece.version === version && piece.index === i && piece.pieces === pieces.length)
  );
}
