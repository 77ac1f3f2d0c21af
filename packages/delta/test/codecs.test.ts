import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as vcdiff from '@ably/vcdiff-decoder';
import { applyDelta } from 'fossil-delta';
import type { Codec } from '../src/codec.ts';
import { FossilCodec } from '../src/fossil.ts';
import { VcdiffCodec } from '../src/vcdiff.ts';
import { RandomPairs } from './random-pairs.ts';

const PAIRS = 100_000;

const CODECS: readonly {
  readonly name: string;
  readonly codec: Codec;
  readonly decode: (base: Uint8Array, patch: Uint8Array) => Uint8Array;
}[] = [
  { name: 'fossil', codec: new FossilCodec(), decode: (base, patch) => applyDelta(base, patch) },
  { name: 'xdelta3', codec: new VcdiffCodec(), decode: (base, patch) => vcdiff.decode(patch, base) },
];

// Types for WebAssembly come only with those of a browser.
declare const WebAssembly: { Instance: new (module: object, imports: object) => Xdelta3Instance };
interface Xdelta3Instance {
  readonly exports: { readonly memory: { readonly buffer: ArrayBuffer } };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

for (const { name, codec, decode } of CODECS) {
  describe(name, () => {
    function roundTrip(base: Uint8Array, target: Uint8Array): Uint8Array {
      const patch = codec.encode(base, target, Infinity);
      assert.ok(patch !== undefined, `no patch for ${base.length} and ${target.length} bytes`);
      assert.ok(
        Buffer.from(decode(base, patch)).equals(target),
        `${Buffer.from(base).toString()} → ${Buffer.from(target).toString()}`,
      );
      return patch;
    }

    it(`decodes ${PAIRS} random pairs exactly`, () => {
      const random = new RandomPairs(1);
      for (let n = 0; n < PAIRS; n++) roundTrip(...random.pair());
    });

    it('decodes bytes that are no text', () => {
      const random = new RandomPairs(2);
      for (let n = 0; n < 500; n++) {
        const base = Uint8Array.from({ length: random.below(400) }, () => random.below(256));
        const target = base.slice();
        for (let edits = random.below(6); edits > 0; edits--) target[random.below(target.length)] = random.below(256);
        roundTrip(base, target);
      }
    });

    for (const [what, base, target] of [
      ['nothing to nothing', '', ''],
      ['nothing to something', '', 'abc'],
      ['something to nothing', 'abc', ''],
      ['equal texts', '{"event":"a"}', '{"event":"a"}'],
      ['one byte', 'a', 'b'],
      ['a text twice', 'abcdefghijklmnop', 'abcdefghijklmnopabcdefghijklmnop'],
      ['a text that loses its half', 'abcdefghijklmnop'.repeat(2), 'abcdefghijklmnop'],
      ['halves that change places', `${'a'.repeat(3000)}${'b'.repeat(3000)}`, `${'b'.repeat(3000)}${'a'.repeat(3000)}`],
      ['characters cut in their middle', '😀😁😂'.repeat(50), '😁😂😀'.repeat(50)],
    ] as const) {
      it(`decodes ${what}`, () => void roundTrip(bytes(base), bytes(target)));
    }

    it('decodes a document of 1 MiB with edits at both ends and in the middle, by a small patch', () => {
      const document = Array.from(
        { length: 16_000 },
        (_, i) => `{"id":${i},"value":"${(i * 7919) % 104_729}","note":"ünüsual"},`,
      );
      const base = bytes(document.join(''));
      for (const at of [0, 8000, 15_999]) document[at] = `{"id":${at},"value":"changed","note":"😀"},`;
      const patch = roundTrip(base, bytes(document.join('')));
      assert.ok(patch.length < 300, `${patch.length} bytes`);
    });

    it('has no patch for what is larger than 1 MiB', () => {
      const large = new Uint8Array(1024 * 1024 + 1);
      assert.equal(codec.encode(bytes('a'), large, Infinity), undefined);
      assert.equal(codec.encode(large, bytes('a'), Infinity), undefined);
    });

    it('has no patch longer than allowed, and goes on', () => {
      const random = new RandomPairs(3);
      for (let n = 0; n < 500; n++) {
        const [base, target] = random.pair();
        const { length } = roundTrip(base, target);
        assert.equal(codec.encode(base, target, length)?.length, length);
        assert.equal(codec.encode(base, target, length - 1), undefined);
      }
    });

    it('gives each patch bytes of its own', () => {
      const first = roundTrip(bytes('abc'), bytes('abd'));
      const kept = Buffer.from(first);
      roundTrip(bytes('xyz'), bytes('uvw'));
      assert.ok(kept.equals(first));
      assert.equal(first.buffer.byteLength, first.byteLength);
    });
  });
}

describe('the text of a Fossil patch', () => {
  const patch = (base: string, target: string): string | undefined => {
    const made = new FossilCodec().encode(bytes(base), bytes(target), Infinity);
    return made && Buffer.from(made).toString();
  };

  it('copies what is equal at both ends', () => {
    assert.equal(patch('{"event":"tick","data":"100"}', '{"event":"tick","data":"101"}'), 'T\nQ@0,1:12@R,2kqJoa;');
  });

  it('finds what moved', () => {
    const [a, b] = ['the first of two long sentences. ', 'and here the other one of them. '];
    const made = patch(a + b, b + a);
    assert.equal(made, '11\nU@X,2:. V@0,2@~,2IvX2F;');
  });

  it('is shorter than what the npm package makes of the same documents', async () => {
    const { createDelta } = await import('fossil-delta');
    const random = new RandomPairs(4);
    let [own, theirs] = [0, 0];
    for (let n = 0; n < 2000; n++) {
      const [base, target] = random.pair();
      own += new FossilCodec().encode(base, target, Infinity)?.length ?? NaN;
      theirs += createDelta(base, target).length;
    }
    assert.ok(own <= theirs, `${own} bytes, theirs ${theirs}`);
  });
});

describe('VCDIFF', () => {
  it('goes on with a new instance after the old one trapped', (t) => {
    const instances: Xdelta3Instance[] = [];
    const { Instance } = WebAssembly;
    t.after(() => (WebAssembly.Instance = Instance));
    WebAssembly.Instance = class extends Instance {
      constructor(...args: ConstructorParameters<typeof Instance>) {
        super(...args);
        instances.push(this);
      }
    };
    const codec = new VcdiffCodec();
    const [base, target] = [bytes('abc'.repeat(100)), bytes('abd'.repeat(100))];
    assert.ok(codec.encode(base, target, Infinity));
    const ruined = instances[0]?.exports.memory;
    assert.ok(ruined);
    new Uint8Array(ruined.buffer).fill(0xff);
    assert.equal(codec.encode(base, target, Infinity), undefined);
    assert.equal(instances.length, 2);
    const patch = codec.encode(base, target, Infinity);
    assert.ok(patch && Buffer.from(vcdiff.decode(patch, base)).equals(target));
  });

  it('keeps its buffers from one call to the next, and takes larger ones when it needs them', () => {
    const codec = new VcdiffCodec();
    for (const size of [10, 20_000, 300_000, 1024 * 1024, 10]) {
      const base = new Uint8Array(size).fill(7);
      const patch = codec.encode(base, base, Infinity);
      assert.ok(patch && Buffer.from(vcdiff.decode(patch, base)).equals(base));
    }
  });
});
