// Clients and publishers are dealt to the channels in turn, so that both sides know who hears whom.

export function dealt<Place>(places: readonly Place[], number: number): Place {
  const place = places[number % places.length];
  if (place === undefined) throw new TypeError('nothing to deal to');
  return place;
}

/** What one subscriber hears: on its channel, of each publisher every so many-th message. */
export interface Hearing {
  readonly channel: string;
  /** Number of the first message. */
  readonly first: number;
  /** From one to the next: 1 without a filter. */
  readonly step: number;
}

/** Messages of each publisher that were accepted, and the channels that the publishers were dealt to. */
export interface Accepted {
  readonly accepted: readonly number[];
  readonly channels: readonly string[];
}

/** How many messages of each publisher a subscriber gets. */
export function heardOf({ accepted, channels }: Accepted, { channel, first, step }: Hearing): number[] {
  return accepted.map((count, publisher) =>
    dealt(channels, publisher) === channel ? Math.max(0, Math.ceil((count - first) / step)) : 0,
  );
}
