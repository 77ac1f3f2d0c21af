/** What may stand in one token of a subject as it is: neither separators, wildcards, nor what ends a line of the protocol. */
const PLAIN = /[^A-Za-z0-9_:=-]/gu;

/** A topic as one token of a NATS subject; different topics give different tokens. */
export function subjectToken(topic: string): string {
  return topic.replace(PLAIN, (character) => {
    const bytes = Buffer.from(character).toString('hex').toUpperCase();
    return bytes.replace(/../g, '%$&');
  });
}
