// Clients and publishers are dealt to the channels in turn, so that both sides know who hears whom.

export function dealt(channels: readonly string[], number: number): string {
  const channel = channels[number % channels.length];
  if (channel === undefined) throw new TypeError('no channels');
  return channel;
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
