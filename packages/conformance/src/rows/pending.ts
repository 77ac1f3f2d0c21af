/** Statements of these groups that no row judges yet, and why. */
export interface Pending {
  readonly id: string;
  readonly reason: string;
}

const AUTHORISED_CONNECTIONS = 'needs authorised connections, whose timeout closes with 4009';
const DEPRECATED = 'needs the deprecated routes';

export const PENDING: readonly Pending[] = [
  { id: 'HS-19', reason: 'needs an app that forces TLS' },
  { id: 'HS-34', reason: AUTHORISED_CONNECTIONS },
  { id: 'HS-35', reason: AUTHORISED_CONNECTIONS },
  { id: 'HS-36', reason: AUTHORISED_CONNECTIONS },
  { id: 'HS-37', reason: AUTHORISED_CONNECTIONS },
  { id: 'PR-21', reason: 'needs cache channels' },
  { id: 'HA-21', reason: 'needs the termination of the connections of a user' },
  { id: 'EV-32', reason: DEPRECATED },
  { id: 'EV-33', reason: DEPRECATED },
  { id: 'CH-21', reason: DEPRECATED },
];
