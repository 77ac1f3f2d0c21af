import { emptyCounters } from '@sluice/core';
import type { WebSocket } from 'ws';
import { type BackpressureLimits, ClientSocket } from '../src/client-socket.ts';
import { MessageFrame } from '../src/frame.ts';
import { FakeOwner, FakeSocket, FakeWebSocket } from './fake-web-socket.ts';

/** A client and all that is around it. */
export function setUp(limits: Partial<BackpressureLimits> = {}, ws = new FakeWebSocket({ raw: new FakeSocket() })) {
  const owner = new FakeOwner(limits);
  const client = new ClientSocket(ws as unknown as WebSocket, owner);
  const counters = emptyCounters();
  client.counters = counters;
  const raw = ws._socket ?? new FakeSocket();
  const send = (...texts: string[]): void => {
    for (const text of texts) client.send(MessageFrame.ofText(text));
  };
  return { owner, client, counters, ws, raw, send };
}

/** What these texts are on the wire, one behind the other. */
export const wire = (...texts: string[]): Buffer => Buffer.concat(texts.map((text) => MessageFrame.ofText(text).bytes));
/** More than the limits of these tests let a socket hold. */
export const BIG = 'x'.repeat(200);
