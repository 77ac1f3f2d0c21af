import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PusherSocket } from '../clients/pusher-socket.ts';
import type { RowContext } from '../context.ts';
import type { Provisions } from '../target.ts';

export interface Killable {
  readonly server: Provisions['kill-process'];
  readonly sockets: readonly PusherSocket[];
}

/** Connections spread over the processes of a server that may lose one. */
export async function connectKillable(context: RowContext): Promise<Killable> {
  const server = context.provision('kill-process');
  await server.whole();
  return { server, sockets: await context.connectMany(12, server.endpoints) };
}

/** Kills one process, and gives the connections that are left after a while. */
export async function killOne({ server, sockets }: Killable, restMs: number): Promise<readonly PusherSocket[]> {
  await server.kill();
  await sockets[0]?.until('the end of some connections', () =>
    sockets.some(({ closed }) => closed !== null) ? true : undefined,
  );
  await sleep(restMs);
  const left = sockets.filter(({ closed }) => closed === null);
  assert.ok(left.length > 0, 'connections of the other process have to stay');
  return left;
}
