// Clients and publishers are dealt to the channels in turn, so that both sides know who hears whom.

export function dealt<Place>(places: readonly Place[], number: number): Place {
  const place = places[number % places.length];
  if (place === undefined) throw new TypeError('nothing to deal to');
  return place;
}

/** How many messages a client gets when so many of each publisher were accepted. */
export function heardOf(accepted: readonly number[], place: ChannelPlace): number {
  return accepted.reduce((sum, count, publisher) => (isHeard(publisher, place) ? sum + count : sum), 0);
}

/** Which of how many channels. */
export interface ChannelPlace {
  readonly index: number;
  readonly of: number;
}

export function isHeard(publisher: number, { index, of }: ChannelPlace): boolean {
  return publisher % of === index;
}
