/** Statements of these groups that no row judges yet, and why. */
export interface Pending {
  readonly id: string;
  readonly reason: string;
}

const DEPRECATED = 'needs the deprecated routes';

export const PENDING: readonly Pending[] = [
  { id: 'HS-19', reason: 'needs an app that forces TLS' },
  { id: 'PR-21', reason: 'needs cache channels' },
  { id: 'HA-21', reason: 'needs the termination of the connections of a user' },
  { id: 'EV-32', reason: DEPRECATED },
  { id: 'EV-33', reason: DEPRECATED },
  { id: 'CH-21', reason: DEPRECATED },
];
