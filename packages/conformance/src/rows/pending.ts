/** Statements of these groups that no row judges yet, and why. */
export interface Pending {
  readonly id: string;
  readonly reason: string;
}

export const PENDING: readonly Pending[] = [
  { id: 'WH-25', reason: 'needs a server that keeps webhooks outside its process' },
];
