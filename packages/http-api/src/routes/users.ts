import type { Hub } from '@sluice/core';
import { MAX_USER_ID_LENGTH } from '@sluice/protocol';
import type { FastifyInstance } from 'fastify';
import { httpError } from '../errors.ts';
import { authenticatedOf } from '../request.ts';

/** `POST /users/{id}/terminate_connections`: closes what is signed in as the user, on all workers. */
export function userRoutes(api: FastifyInstance, hub: Hub): void {
  api.post<{ Params: { readonly userId: string } }>('/apps/:appId/users/:userId/terminate_connections', (request) => {
    const { app } = authenticatedOf(request);
    const { userId } = request.params;
    if (userId.length > MAX_USER_ID_LENGTH) {
      throw httpError('invalidParameter', `the user id has more than ${MAX_USER_ID_LENGTH} characters`);
    }
    hub.ports.registry.terminateUser({ appId: app.id, userId });
    return {};
  });
}
