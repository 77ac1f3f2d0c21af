/** The server did what it must not, whatever it is sent. */
export class Harm extends Error {
  override readonly name = 'Harm';
}
