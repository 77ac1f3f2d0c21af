import { expectStatus } from '../clients/http-client.ts';
import type { RowContext } from '../context.ts';

/** Ends the connections of a user. What the answer holds is for the row about it. */
export async function terminate(context: RowContext, userId: string, app = context.target.app): Promise<void> {
  expectStatus(await context.http({ app }).post(`/users/${userId}/terminate_connections`, {}), 200);
}
