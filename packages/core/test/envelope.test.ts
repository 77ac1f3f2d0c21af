import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '@sluice/testkit';
import { decodeEnvelope, encodeEnvelope, type Envelope } from '../src/envelope.ts';
import { PLAIN_ENVELOPE } from './envelopes.ts';

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

const HEADER_BYTES = 7;
const CHANNELS = 'ABCxyz0189_-=@,.;#';

function randomEnvelope(random: Random): Envelope {
  const text = (max: number, alphabet: readonly string[]): string =>
    Array.from({ length: random.below(max + 1) }, () => random.pick(alphabet)).join('');
  return {
    appId: text(20, ['a', '1', '-', ':', 'é', '日', '😀', '\u0000']),
    channel: text(164, [...CHANNELS]),
    kept: random.pick([false, true]),
    except: random.pick(['', '1.1', '4294967295.4294967295', `${'9'.repeat(20)}.${'9'.repeat(20)}`]),
    tagsJson: random.pick(['', '{"a":"é"}', `{"b":"${'x'.repeat(70_000)}"}`]),
    key: random.pick(['', 'BTC', 'é😀']),
    id: random.pick(['', 'AbCdEfGh0', 'x'.repeat(30)]),
    mode: random.pick(['auto', 'plain', 'full']),
    patches: Array.from({ length: random.below(3) }, () => ({
      algorithm: random.pick(['fossil', 'xdelta3']),
      baseId: text(20, ['a', 'b', '-']),
      bytes: random.bytes(random.below(500)),
    })),
    payload: random.bytes(random.below(2000)),
  };
}

describe('an envelope', () => {
  it('has the documented layout', () => {
    const bytes = encodeEnvelope({
      ...PLAIN_ENVELOPE,
      appId: '1001',
      channel: 'my-channel',
      except: '1.2',
      payload: Buffer.from('{}'),
    });
    assert.equal(
      bytes.toString('hex'),
      bytesOf('01 00 0004 000a 03 31303031 6d792d6368616e6e656c 312e32 7b7d').toString('hex'),
    );
  });

  it('counts the app id in bytes of UTF-8', () => {
    const bytes = encodeEnvelope({
      ...PLAIN_ENVELOPE,
      appId: 'é',
      channel: 'c',
      except: '',
      payload: Buffer.from('x'),
    });
    assert.equal(bytes.toString('hex'), bytesOf('01 00 0002 0001 00 c3a9 63 78').toString('hex'));
  });

  it('comes back as it was, whatever it holds', () => {
    const random = new Random(1);
    for (let run = 0; run < 2000; run++) {
      const envelope = randomEnvelope(random);
      const decoded = decodeEnvelope(encodeEnvelope(envelope));
      assert.ok(decoded !== undefined);
      const patches = decoded.patches.map((patch) => ({ ...patch, bytes: new Uint8Array(patch.bytes) }));
      assert.deepEqual({ ...decoded, patches, payload: new Uint8Array(decoded.payload) }, envelope);
    }
  });

  it('comes back from the middle of a larger buffer, whether Buffer or plain bytes', () => {
    const envelope: Envelope = {
      ...PLAIN_ENVELOPE,
      appId: 'a',
      channel: 'c',
      except: '',
      payload: Buffer.from('hello'),
    };
    const bytes = encodeEnvelope(envelope);
    const larger = new Uint8Array(bytes.length + 20).fill(0xff);
    larger.set(bytes, 10);
    const decoded = decodeEnvelope(larger.subarray(10, 10 + bytes.length));
    assert.ok(decoded !== undefined);
    assert.equal(decoded.channel, 'c');
    assert.equal(Buffer.from(decoded.payload).toString(), 'hello');
  });

  it('may have an empty payload', () => {
    const decoded = decodeEnvelope(bytesOf('01 00 0001 0001 00 61 62'));
    assert.deepEqual(
      { ...decoded, payload: decoded?.payload.length },
      { ...PLAIN_ENVELOPE, appId: 'a', channel: 'b', except: '', payload: 0 },
    );
  });
});

describe('bytes that are no envelope', () => {
  it('are told where they end before the payload begins', () => {
    const random = new Random(2);
    for (let run = 0; run < 100; run++) {
      const envelope = randomEnvelope(random);
      const bytes = encodeEnvelope(envelope);
      const start = bytes.length - envelope.payload.length;
      for (let length = 0; length < start; length++) assert.equal(decodeEnvelope(bytes.subarray(0, length)), undefined);
      assert.ok(decodeEnvelope(bytes.subarray(0, start)) !== undefined);
    }
  });

  it('are told by a version that is not known', () => {
    const bytes = encodeEnvelope({
      ...PLAIN_ENVELOPE,
      appId: 'a',
      channel: 'c',
      except: '',
      payload: Buffer.from('x'),
    });
    for (let version = 0; version < 256; version++) {
      bytes[0] = version;
      assert.equal(decodeEnvelope(bytes) !== undefined, version === 1);
    }
  });

  for (const hex of [
    '',
    '01',
    '01 00 0000 0000',
    '01 00 ffff ffff ff',
    '01 00 0001 0000 00',
    '01 00 0000 0001 00',
    '01 00 0000 0000 01',
  ]) {
    it(`are refused: ${hex || '(none)'}`, () => {
      assert.equal(decodeEnvelope(bytesOf(hex)), undefined);
    });
  }

  it('never make it throw, and never read past their end', () => {
    const random = new Random(3);
    for (let run = 0; run < 20_000; run++) {
      const bytes = random.bytes(random.below(60));
      // Else nearly all would fail at the first byte.
      if (bytes.length > 3 && random.below(4) > 0) bytes.set([1, 0, 0, random.below(8)]);
      const decoded = decodeEnvelope(bytes);
      if (decoded === undefined) continue;
      const used = HEADER_BYTES + decoded.channel.length + decoded.except.length + decoded.payload.length;
      assert.ok(used <= bytes.length);
    }
  });
});
