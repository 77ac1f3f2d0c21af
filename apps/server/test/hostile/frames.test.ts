import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeCodeIn, frame, framesIn, message, OPCODE, type TcpClient, textsIn, until } from '@sluice/testkit';
import { Target } from './support.ts';

const MANY = 10_000;
const SUBSCRIBE = JSON.stringify({ event: 'pusher:subscribe', data: { channel: 'news' } });
const MAX_PAYLOAD = 64 * 1024;

function succeededIn(client: TcpClient): number {
  return textsIn(client.received).filter((text) => text.includes('subscription_succeeded')).length;
}

/** Answers to a message sent after all others: when it has come, so have theirs. */
async function pongCount(client: TcpClient, count: number): Promise<void> {
  await until(
    `${count} pongs`,
    () => textsIn(client.received).filter((text) => text.includes('pusher:pong')).length >= count,
  );
}

/** What is wrong, what is sent, and the code that the connection is closed with. */
const VIOLATIONS: readonly (readonly [string, readonly Buffer[], number])[] = [
  ['a binary frame', [frame({ opcode: OPCODE.binary, payload: SUBSCRIBE })], 1003],
  ['an empty binary frame', [frame({ opcode: OPCODE.binary })], 1003],
  ['a frame without a mask', [frame({ payload: SUBSCRIBE, masked: false })], 1002],
  ['a ping without a mask', [frame({ opcode: OPCODE.ping, masked: false })], 1002],
  ['text that is no UTF-8', [frame({ payload: Buffer.from([0x22, 0xc3, 0x28, 0x22]) })], 1007],
  ['text that ends within a character', [frame({ payload: Buffer.from([0xe2, 0x82]) })], 1007],
  ['text with an encoded surrogate', [frame({ payload: Buffer.from([0xed, 0xa0, 0x80]) })], 1007],
  ['reserved bit 1, that of compression', [frame({ payload: SUBSCRIBE, reserved: 4 })], 1002],
  ['reserved bits 2 and 3', [frame({ payload: SUBSCRIBE, reserved: 3 })], 1002],
  ['a reserved opcode of data', [frame({ opcode: 3, payload: 'x' })], 1002],
  ['a reserved opcode of control', [frame({ opcode: 11, payload: 'x' })], 1002],
  ['a continuation of nothing', [frame({ opcode: OPCODE.continuation, payload: 'x' })], 1002],
  ['a message within a fragmented one', [frame({ payload: '{', fin: false }), frame({ payload: '{}' })], 1002],
  ['a frame that is too large', [frame({ payload: 'x'.repeat(MAX_PAYLOAD + 1) })], 1009],
  [
    'fragments that are too large together',
    [frame({ payload: 'x'.repeat(MAX_PAYLOAD), fin: false }), frame({ opcode: OPCODE.continuation, payload: 'xx' })],
    1009,
  ],
  ['a frame that says it is very large', [frame({ payload: 'x', declaredLength: 1n << 40n })], 1009],
  ['a frame that says it has 2^63 bytes', [frame({ payload: 'x', declaredLength: 1n << 63n })], 1009],
  ['a frame that says it has 2^64-1 bytes', [frame({ payload: 'x', declaredLength: (1n << 64n) - 1n })], 1009],
  ['a ping of 126 bytes', [frame({ opcode: OPCODE.ping, payload: 'x'.repeat(126) })], 1002],
  ['a fragmented ping', [frame({ opcode: OPCODE.ping, payload: 'x', fin: false })], 1002],
  ['a close of one byte', [frame({ opcode: OPCODE.close, payload: 'x' })], 1002],
  [
    'a close with a code that must not be sent',
    [frame({ opcode: OPCODE.close, payload: Buffer.from([0x03, 0xed]) })],
    1002,
  ],
  [
    'a close with a reason that is no UTF-8',
    [frame({ opcode: OPCODE.close, payload: Buffer.from([0x03, 0xe8, 0xff]) })],
    1007,
  ],
];

describe('Frames that break the protocol', () => {
  const target = new Target();

  for (const [name, frames, code] of VIOLATIONS) {
    it(`close the connection: ${name} (${code})`, async () => {
      using client = await target.socket();
      client.write(Buffer.concat([...frames, message({ event: 'pusher:subscribe', data: { channel: 'after' } })]));
      await until('a close', () => closeCodeIn(client.received));
      assert.equal(closeCodeIn(client.received), code);
      assert.equal(succeededIn(client), 0, 'what comes after is not read any more');
      client.write(frame({ opcode: OPCODE.close, payload: Buffer.from([code >> 8, code & 255]) }));
      await until('the end of the connection', () => client.ended);
    });
  }
});

describe('Frames that are merely unusual', () => {
  const target = new Target();

  it('a message in many fragments, with a ping between them, is handled once', async () => {
    using client = await target.socket();
    const pieces = [...SUBSCRIBE].map((character, i) =>
      frame({
        opcode: i === 0 ? OPCODE.text : OPCODE.continuation,
        payload: character,
        fin: i === SUBSCRIBE.length - 1,
      }),
    );
    pieces.splice(5, 0, frame({ opcode: OPCODE.ping, payload: 'between' }));
    client.write(Buffer.concat(pieces));
    client.write(message({ event: 'pusher:ping' }));
    await pongCount(client, 1);
    assert.equal(succeededIn(client), 1);
    const pong = framesIn(client.received).find(({ opcode }) => opcode === OPCODE.pong);
    assert.equal(pong?.payload.toString(), 'between');
  });

  it('a character cut in two by fragments is whole again', async () => {
    using client = await target.socket();
    const bytes = Buffer.from(JSON.stringify({ event: 'é😀' }));
    const cut = bytes.indexOf(0xc3) + 1;
    client.write(frame({ payload: bytes.subarray(0, cut), fin: false }));
    client.write(frame({ opcode: OPCODE.continuation, payload: bytes.subarray(cut) }));
    await until('an answer', () =>
      textsIn(client.received).some((text) => text.includes('Unsupported event received on socket: é😀')),
    );
  });

  it('bytes that come one at a time make the same message', async () => {
    using client = await target.socket();
    for (const byte of message({ event: 'pusher:subscribe', data: { channel: 'news' } })) {
      client.write(Buffer.from([byte]));
      await sleep(1);
    }
    await until('the subscription', () => succeededIn(client) === 1);
  });

  it('empty messages, fragments and pongs that nobody asked for do no harm', async () => {
    using client = await target.socket();
    client.write(Buffer.concat([frame({ payload: '' }), frame({ payload: '', fin: false })]));
    for (let i = 0; i < 1000; i++) client.write(frame({ opcode: OPCODE.continuation, fin: false }));
    client.write(frame({ opcode: OPCODE.continuation }));
    client.write(frame({ opcode: OPCODE.pong, payload: 'unasked' }));
    client.write(message({ event: 'pusher:ping' }));
    await pongCount(client, 1);
    assert.equal(textsIn(client.received).filter((text) => text.includes('not valid JSON')).length, 2);
  });

  it('the largest message that is allowed is read', async () => {
    using client = await target.socket();
    const start = '{"event":"pusher:ping","data":"';
    client.write(frame({ payload: `${start}${'x'.repeat(MAX_PAYLOAD - start.length - 2)}"}` }));
    await pongCount(client, 1);
  });

  it('ten thousand pings of the protocol in one write are all answered', { timeout: 30_000 }, async () => {
    using client = await target.socket();
    client.write(Buffer.concat(Array.from({ length: MANY }, () => message({ event: 'pusher:ping' }))));
    await pongCount(client, MANY);
    assert.equal(client.ended, false);
  });

  it('WebSocket pings are answered in order, and ten thousand in one write cut off instead of queued', async () => {
    using client = await target.socket();
    const pings = (from: number, count: number): Buffer => {
      return Buffer.concat(
        Array.from({ length: count }, (_, i) => frame({ opcode: OPCODE.ping, payload: String(from + i) })),
      );
    };
    const pongs = (): string[] =>
      framesIn(client.received)
        .filter(({ opcode }) => opcode === OPCODE.pong)
        .map(({ payload }) => payload.toString());
    for (let sent = 0; sent < 500; sent += 50) {
      client.write(pings(sent, 50));
      await until('their pongs', () => pongs().length === sent + 50);
    }
    assert.deepEqual(
      pongs(),
      Array.from({ length: 500 }, (_, i) => String(i)),
    );
    client.write(pings(0, MANY));
    await until('an end, or all pongs', () => client.ended || pongs().length === 500 + MANY);
  });

  it('messages that come right behind the handshake, in the same packet, are read', async () => {
    using client = await target.tcp();
    const handshake =
      'GET /app/278d425bdf160c739803?protocol=7 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
    client.write(
      Buffer.concat([Buffer.from(handshake), message({ event: 'pusher:subscribe', data: { channel: 'news' } })]),
    );
    await until('the subscription', () => succeededIn(client) === 1);
    assert.match(textsIn(client.received)[0] ?? '', /connection_established/);
  });

  it('a close is answered, and what the client sends after it is not read', async () => {
    using client = await target.socket();
    client.write(
      Buffer.concat([
        frame({ opcode: OPCODE.close, payload: Buffer.from([0x03, 0xe8]) }),
        frame({ payload: SUBSCRIBE }),
      ]),
    );
    await until('the end of the connection', () => client.ended);
    assert.equal(closeCodeIn(client.received), 1000);
    assert.equal(succeededIn(client), 0);
  });
});
