import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { constants, createInflateRaw, deflateRawSync } from 'node:zlib';
import { type Compression, windowLimitsOf } from '../src/compression.ts';
import { agree } from '../src/deflate-offer.ts';

type Mode = Exclude<Compression, 'disabled'>;

const DECLINED = { header: null, deflation: 'none' };
/** What Chromium offers. */
const BROWSER = 'permessage-deflate; client_max_window_bits';

const answerOf = (offered: string, mode: Mode): string | null => agree(offered, windowLimitsOf(mode)).header;

describe('an offer of permessage-deflate', () => {
  it('is answered for sharing with no context either way, and a small window for the client', () => {
    assert.deepEqual(agree(BROWSER, windowLimitsOf('shared')), {
      header: 'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=10',
      deflation: 'shared',
    });
  });

  for (const [mode, header] of [
    ['dedicated', 'permessage-deflate; client_max_window_bits=15'],
    ['window32kb', 'permessage-deflate; client_max_window_bits=15'],
    ['window16kb', 'permessage-deflate; server_max_window_bits=14; client_max_window_bits=14'],
    ['window8kb', 'permessage-deflate; server_max_window_bits=13; client_max_window_bits=13'],
    ['window4kb', 'permessage-deflate; server_max_window_bits=12; client_max_window_bits=12'],
    ['window2kb', 'permessage-deflate; server_max_window_bits=11; client_max_window_bits=11'],
    ['window1kb', 'permessage-deflate; server_max_window_bits=10; client_max_window_bits=10'],
    ['window256b', 'permessage-deflate; server_max_window_bits=8; client_max_window_bits=9'],
  ] as const) {
    it(`is answered for ${mode} with its windows, and leaves compressing to ws`, () => {
      assert.deepEqual(agree(BROWSER, windowLimitsOf(mode)), { header, deflation: 'own' });
    });
  }

  it('says nothing about the window of a client that does not let the server choose', () => {
    assert.equal(answerOf('permessage-deflate', 'window1kb'), 'permessage-deflate; server_max_window_bits=10');
  });

  it('gets the smaller of both windows', () => {
    for (const [asked, mode, header] of [
      ['server_max_window_bits=9', 'window1kb', 'server_max_window_bits=9'],
      ['server_max_window_bits=12', 'window1kb', 'server_max_window_bits=10'],
      ['server_max_window_bits=15', 'dedicated', 'server_max_window_bits=15'],
      ['server_max_window_bits=8', 'dedicated', 'server_max_window_bits=8'],
      ['client_max_window_bits=8', 'dedicated', 'client_max_window_bits=8'],
      ['client_max_window_bits=12', 'dedicated', 'client_max_window_bits=12'],
      ['client_max_window_bits="12"', 'dedicated', 'client_max_window_bits=12'],
    ] as const) {
      assert.equal(answerOf(`permessage-deflate; ${asked}`, mode), `permessage-deflate; ${header}`);
    }
  });

  it('with a smaller window than the shared one is left to ws, without context', () => {
    const offered = 'permessage-deflate; server_max_window_bits=10';
    assert.deepEqual(agree(offered, windowLimitsOf('shared')), {
      header: 'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10',
      deflation: 'own',
    });
    assert.equal(agree('permessage-deflate; server_max_window_bits=15', windowLimitsOf('shared')).deflation, 'shared');
  });

  it('keeps what it says about contexts', () => {
    const offered = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';
    assert.equal(answerOf(offered, 'dedicated'), offered);
  });

  it('is declined, and not refused, when there is none or it makes no sense (RFC 7692 §7.1)', () => {
    for (const offered of [
      undefined,
      'x-webkit-deflate-frame',
      'permessage-deflate; unknown',
      'permessage-deflate; constructor',
      'permessage-deflate; server_no_context_takeover=1',
      'permessage-deflate; client_no_context_takeover; client_no_context_takeover',
      'permessage-deflate; server_max_window_bits',
      ...['7', '16', '08', '1e1', 'x'].flatMap((bits) =>
        ['server', 'client'].map((side) => `permessage-deflate; ${side}_max_window_bits=${bits}`),
      ),
    ]) {
      assert.deepEqual(agree(offered, windowLimitsOf('shared')), DECLINED, offered);
    }
  });

  it('may be one of several, of which the first that makes sense counts', () => {
    const offered = `foo, permessage-deflate; bar, permessage-deflate; server_max_window_bits=9, ${BROWSER}`;
    assert.equal(answerOf(offered, 'dedicated'), 'permessage-deflate; server_max_window_bits=9');
  });

  it('in a header that is none stays as it is, for ws to fail it', () => {
    assert.deepEqual(agree('permessage-deflate; =', windowLimitsOf('shared')), {
      header: 'permessage-deflate; =',
      deflation: 'none',
    });
  });
});

describe('the window of 256 bytes', () => {
  // Not random: like lines of a market, with much to find further back than a small window reaches.
  const text = JSON.stringify(Array.from({ length: 400 }, (_, i) => ({ id: i % 37, price: ((i * 7919) % 1000) / 7 })));

  /** Reads with a window of that many bits and nothing more to look back on. */
  function inflate(bytes: Buffer, windowBits: number): Promise<string> {
    const inflater = createInflateRaw({ windowBits, chunkSize: 64 });
    return new Promise((resolve, reject) => {
      let got = '';
      inflater.on('data', (chunk: Buffer) => (got += chunk.toString()));
      inflater.once('error', reject);
      inflater.write(bytes);
      inflater.flush(() => resolve(got));
    });
  }

  it('is kept by zlib, which is told 8 bits and takes 9', async () => {
    const options = { finishFlush: constants.Z_SYNC_FLUSH };
    assert.equal(await inflate(deflateRawSync(text, { ...options, windowBits: 8 }), 8), text);
    await assert.rejects(inflate(deflateRawSync(text, { ...options, windowBits: 10 }), 8), /too far back/);
  });
});
