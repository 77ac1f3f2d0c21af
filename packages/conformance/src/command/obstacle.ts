import { urlOf } from '../clients/endpoint-url.ts';
import { RowContext } from '../context.ts';
import type { Target } from '../target.ts';

/** Looks for what would fail every row: nobody there, or an app that the server does not take. Null if there is nothing. */
export async function findObstacle(target: Target): Promise<string | null> {
  await using context = new RowContext({ rowId: 'check', target, closeCodes: [] });
  const url = urlOf('ws', target.endpoint, '');
  const socket = context.open();
  try {
    await socket.until('a frame', () => socket.closed ?? socket.frames[0]);
  } catch {
    return `${url} takes connections, but sends nothing`;
  }
  if (socket.failure !== null) return `no WebSocket connection to ${url}: ${socket.failure}`;
  if (socket.closed !== null) {
    const { code, reason } = socket.closed;
    return `${url} refuses the app key ${target.app.key}: it closes with ${code} '${reason}'`;
  }
  try {
    const { status, text } = await context.http().get('/channels');
    return status === 401 || status === 403 ? `${url} refuses requests of the app: ${status} ${text.trim()}` : null;
  } catch (error) {
    return `no HTTP request to ${url}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
