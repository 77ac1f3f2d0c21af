import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { WebSocket } from 'ws';
import { ClientSocket } from '../src/client-socket.ts';
import { MessageFrame } from '../src/frame.ts';
import { FakeOwner, FakeSocket, FakeWebSocket } from './fake-web-socket.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const BIG = 'x'.repeat(200);

class Clients {
  readonly owner = new FakeOwner({ maxMessages: null });
  readonly slow = new FakeSocket();
  readonly slowClient = this.client(this.slow);

  client(raw: FakeSocket): ClientSocket {
    return new ClientSocket(new FakeWebSocket({ raw }) as unknown as WebSocket, this.owner);
  }

  /** A client whose socket takes everything and forgets it. */
  quick(): ClientSocket {
    const raw = new FakeSocket();
    raw.write = () => true;
    return this.client(raw);
  }

  /** From here on the slow client has a queue. */
  async block(): Promise<void> {
    this.slow.holding = true;
    this.slowClient.send(MessageFrame.ofText(BIG));
    await turn();
  }

  /** Two rounds: nobody's batch is left, nor the tree they were in. */
  async rounds(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      await new Promise<void>((resolve) => this.owner.outbox.afterFlush(resolve));
      await turn();
    }
  }
}

/** Delivers a frame and keeps nothing of it. */
function deliver(text: string, clients: readonly ClientSocket[]): WeakRef<MessageFrame> {
  const frame = MessageFrame.ofText(text);
  for (const client of clients) client.send(frame);
  return new WeakRef(frame);
}

function living(frames: readonly WeakRef<MessageFrame>[]): number {
  collectGarbage();
  return frames.filter((frame) => frame.deref() !== undefined).length;
}

describe('The queue of a client that reads too slowly', () => {
  it('keeps no frame alive that only others were given in the same rounds', async () => {
    const clients = new Clients();
    const { slowClient } = clients;
    const quick = Array.from({ length: 10 }, () => clients.quick());
    await clients.block();
    const ofOthers: WeakRef<MessageFrame>[] = [];
    const own: WeakRef<MessageFrame>[] = [];
    for (let round = 0; round < 5; round++) {
      // Before, between and after the frames that wait: each is somewhere else in the tree of the round.
      ofOthers.push(deliver(`before ${round}`, quick));
      own.push(deliver(`own ${round}`, [slowClient, ...quick]));
      for (const client of quick) ofOthers.push(deliver(`of one ${round}`, [client]));
      own.push(deliver(`own too ${round}`, [slowClient]));
      ofOthers.push(deliver(`after ${round}`, quick));
      await clients.rounds();
    }
    assert.equal(living(own), own.length, 'what waits is there');
    assert.equal(living(ofOthers), 0, 'frames of others that are kept alive');

    clients.slow.drain();
    await clients.rounds();
    const expected = [0, 1, 2, 3, 4].flatMap((round) => [`own ${round}`, `own too ${round}`]);
    assert.deepEqual(
      clients.slow.bytes,
      Buffer.concat([BIG, ...expected].map((text) => MessageFrame.ofText(text).bytes)),
    );
    assert.equal(living(own), 0, 'what was written is let go');
  });

  it('is let go with the client', async () => {
    const clients = new Clients();
    await clients.block();
    const waiting = [deliver('a', [clients.slowClient]), deliver('b', [clients.slowClient])];
    await clients.rounds();
    assert.equal(living(waiting), 2);
    clients.slowClient.leave();
    await clients.rounds();
    assert.equal(living(waiting), 0);
  });
});
