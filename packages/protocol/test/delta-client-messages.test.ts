import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  decodeDeltaSyncError,
  decodeEnableDeltaCompression,
  decodeSubscriptionDelta,
} from '../src/delta-client-messages.ts';

describe('pusher:enable_delta_compression', () => {
  for (const [data, algorithms] of [
    ['{"algorithms":["fossil","xdelta3"]}', ['fossil', 'xdelta3']],
    ['{"algorithms":["xdelta3","fossil"]}', ['fossil', 'xdelta3']],
    ['{"algorithms":["Fossil"]}', ['fossil']],
    ['{"algorithms":["vcdiff","brotli",5,null]}', ['xdelta3']],
    ['{"algorithms":["brotli"]}', []],
    ['{"algorithms":[]}', []],
    ['{"algorithms":"fossil"}', ['fossil', 'xdelta3']],
    ['{}', ['fossil', 'xdelta3']],
    ['""', ['fossil', 'xdelta3']],
    ['null', ['fossil', 'xdelta3']],
    ['"{\\"algorithms\\":[\\"xdelta3\\"]}"', ['xdelta3']],
  ] as const) {
    it(`offers ${algorithms.join(' and ') || 'nothing'} by ${data}`, () => {
      assert.deepEqual(decodeEnableDeltaCompression(JSON.parse(data)), {
        type: 'enable_delta_compression',
        algorithms,
        binary: false,
      });
    });
  }

  it('takes bytes where it says true, and nothing else', () => {
    for (const binary of [true, 'true', 1, null]) {
      assert.equal(decodeEnableDeltaCompression({ binary }).binary, binary === true);
    }
  });

  it('offers everything where it has no data', () => {
    assert.deepEqual(decodeEnableDeltaCompression(undefined).algorithms, ['fossil', 'xdelta3']);
  });
});

describe('pusher:delta_sync_error', () => {
  for (const data of ['{"channel":"market-data"}', '"{\\"channel\\":\\"market-data\\"}"']) {
    it(`names its channel by ${data}`, () => {
      assert.deepEqual(decodeDeltaSyncError(JSON.parse(data)), {
        message: { type: 'delta_sync_error', channel: 'market-data' },
      });
    });
  }

  for (const data of ['{}', 'null', '{"channel":5}', '"market-data"']) {
    it(`is refused without one: ${data}`, () => {
      assert.deepEqual(decodeDeltaSyncError(JSON.parse(data)), {
        error: { code: null, message: 'Missing parameter: data.channel', refusal: null },
      });
    });
  }
});

describe('delta of a subscription', () => {
  const on = (algorithm?: string): object => ({ enabled: true, algorithm });
  for (const [raw, expected] of [
    ['"fossil"', on('fossil')],
    ['"XDelta3"', on('xdelta3')],
    ['"vcdiff"', on('xdelta3')],
    ['"anything"', on()],
    ['true', on()],
    ['{}', on()],
    ['{"algorithm":"fossil"}', on('fossil')],
    ['{"enabled":true,"algorithm":"xdelta3"}', on('xdelta3')],
    ['{"enabled":true,"algorithm":"brotli"}', on()],
    ['"disabled"', { enabled: false }],
    ['"None"', { enabled: false }],
    ['"false"', { enabled: false }],
    ['false', { enabled: false }],
    ['{"enabled":false,"algorithm":"fossil"}', { enabled: false }],
    ['null', undefined],
    ['5', undefined],
    ['["fossil"]', undefined],
  ] as const) {
    it(raw, () => assert.deepEqual(decodeSubscriptionDelta(JSON.parse(raw)), expected));
  }

  it('is left to the connection where there is none', () => {
    assert.equal(decodeSubscriptionDelta(undefined), undefined);
  });
});
