/** Statements of these groups that no row judges yet, and why. */
export interface Pending {
  readonly id: string;
  readonly reason: string;
}

export const PENDING: readonly Pending[] = [{ id: 'CA-10', reason: 'needs a webhook receiver' }];
