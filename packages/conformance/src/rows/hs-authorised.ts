import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PusherSocket } from '../clients/pusher-socket.ts';
import type { RowContext } from '../context.ts';
import type { Row } from '../row.ts';

const REASON = 'Connection not authorized within timeout';
/** How much later than its timeout a server may close. */
const LATE_MS = 1500;

async function expectTimeout(socket: PusherSocket): Promise<void> {
  await socket.expectError(4009, REASON);
  await socket.expectClose(4009);
}

/** The timeout has passed, and the connection works. */
async function expectToStay(context: RowContext, socket: PusherSocket): Promise<void> {
  await sleep(context.provision('authorised-connections').seconds * 1000 + LATE_MS);
  await socket.expectAlive();
}

function connectTo(context: RowContext): Promise<PusherSocket> {
  const { endpoint, app } = context.provision('authorised-connections');
  return context.connect({ endpoint, app });
}

/** Rows of apps whose connections have to be authorised in time. */
export const HS_AUTHORISED: readonly Row[] = [
  {
    id: 'HS-34',
    statement: 'A connection that is not authorised in time gets pusher:error 4009 and is closed with 4009.',
    needs: ['authorised-connections'],
    async run(c) {
      const { seconds } = c.provision('authorised-connections');
      const socket = await connectTo(c);
      const openedAt = performance.now();
      await expectTimeout(socket);
      const ms = performance.now() - openedAt;
      assert.ok(ms > seconds * 1000 - 350 && ms < seconds * 1000 + LATE_MS, `${seconds} s took ${ms} ms`);
    },
  },
  {
    id: 'HS-35',
    statement: 'A connection that joins a private or presence channel in time stays open.',
    needs: ['authorised-connections'],
    async run(c) {
      const [first, second] = [await connectTo(c), await connectTo(c)];
      await first.subscribe(c.channel('private-'));
      await second.join(c.channel('presence-'), { user_id: '1' });
      await Promise.all([expectToStay(c, first), expectToStay(c, second)]);
    },
  },
  {
    id: 'HS-36',
    statement: 'A connection that signs in in time stays open, and one with a public channel alone is closed.',
    needs: ['authorised-connections'],
    async run(c) {
      const [signedIn, onPublic, refused] = [await connectTo(c), await connectTo(c), await connectTo(c)];
      await signedIn.signIn({ id: 'u' });
      await onPublic.subscribe(c.channel());
      refused.sendSubscribe(c.channel('private-'), { auth: `${refused.app.key}:bad` });
      await refused.expectError(null, /^Invalid signature/);
      await Promise.all([expectTimeout(onPublic), expectTimeout(refused), expectToStay(c, signedIn)]);
    },
  },
  {
    id: 'HS-37',
    statement: 'Connections not yet authorised do not use up the connection limit.',
    needs: ['authorised-connections'],
    async run(c) {
      const { endpoint, limitedApp: app } = c.provision('authorised-connections');
      const [first, ...others] = [
        await c.connect({ endpoint, app }),
        await c.connect({ endpoint, app }),
        await c.connect({ endpoint, app }),
      ];
      for (const socket of [first, ...others]) await socket.expectAlive();
      await first.subscribe(c.channel('private-'));
      await Promise.all([expectToStay(c, first), ...others.map(expectTimeout)]);
    },
  },
];
