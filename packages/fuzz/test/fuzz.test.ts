import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mutatedProgram, type Mutation } from '@sluice/testkit';
import { type CampaignOptions, runCampaign } from '../src/campaign.ts';
import { Lab } from '../src/lab.ts';
import { isHarmless, renderOutcome } from '../src/report.ts';
import { type Failure, playAgain } from '../src/round.ts';
import { SURFACES } from '../src/surfaces.ts';

const RUNS = 600;
const SEED = Math.floor(Math.random() * 2 ** 31);
const DEFAULTS = { runs: RUNS, seed: SEED, idleMs: null, onProgress: () => {} };

/** What a kind of input has to find, and what the harm looks like. */
interface Flaw extends Mutation {
  readonly surface: string;
  readonly harm: RegExp;
}

const THROWS_FOR_BAD_JSON = {
  file: 'packages/protocol/src/json.ts',
  find: '  } catch {\n    return MALFORMED;\n  }',
  replace: '  } finally {\n    void MALFORMED;\n  }',
};

const FLAWS: readonly [Flaw, ...Flaw[]] = [
  { ...THROWS_FOR_BAD_JSON, surface: 'text', harm: /SyntaxError[^]*the worker has a fault and ends/ },
  { ...THROWS_FOR_BAD_JSON, surface: 'http', harm: /"stage":"POST \/apps\/:appId\/(batch_)?events"[^]*SyntaxError/ },
  {
    surface: 'frames',
    file: 'packages/ws-engine/src/pusher-web-socket.ts',
    find: "  ws.on('error', onError);\n",
    replace: '  void onError;\n',
    harm: /Receiver[^]*the worker has a fault and ends/,
  },
];

describe('A fuzz campaign', { concurrency: 3 }, () => {
  it('does no harm to the server', { timeout: 60_000 }, async () => {
    const outcome = await runCampaign({ ...DEFAULTS, surfaces: SURFACES, maxShrinks: 5 });
    assert.ok(isHarmless(outcome), renderOutcome(outcome, SEED));
    for (const { surface, cases } of outcome.tallies) assert.ok(cases > 0, `${surface.name} was played`);
  });

  for (const flaw of FLAWS) {
    it(`finds a flaw by ${flaw.surface}`, { timeout: 60_000 }, async () => {
      const failure = await find(flaw, { seed: SEED, maxShrinks: 0 });
      assert.match(failure.reason, flaw.harm);
    });
  }

  it('finds memory that is never let go of', { timeout: 60_000 }, async () => {
    const program = mutatedProgram({
      file: 'packages/ws-engine/src/engine.ts',
      find: 'counters.messagesReceived++;',
      replace: 'counters.messagesReceived++; (globalThis.leak ??= []).push(Buffer.alloc(50_000));',
    });
    const surfaces = SURFACES.filter(({ name }) => name === 'text');
    const leaky = await runCampaign({ ...DEFAULTS, surfaces, runs: 2000, idleMs: 0, maxShrinks: 0, program });
    assert.deepEqual(
      leaky.growth.map(({ process }) => process),
      ['primary', 'worker 0', 'worker 1'],
    );
    assert.equal(leaky.failure, null);
    assert.ok(!isHarmless(leaky), renderOutcome(leaky, SEED));
    assert.match(renderOutcome(leaky, SEED), /GROWN by more than 8 MB kept/);
  });

  it('makes what it found small and repeats it', { timeout: 60_000 }, async () => {
    const [flaw] = FLAWS;
    const small = await find(flaw, { seed: 1, maxShrinks: 3 });
    assert.match(small.path, /^\d+(:\d+)+$/, 'a part of what failed fails too');
    await using broken = new Lab(mutatedProgram(flaw));
    assert.match((await playAgain(small, broken))?.reason ?? '', flaw.harm);
    await using sound = new Lab();
    assert.equal(await playAgain(small, sound), null);
  });
});

async function find(flaw: Flaw, options: Pick<CampaignOptions, 'seed' | 'maxShrinks'>): Promise<Failure> {
  const surfaces = SURFACES.filter(({ name }) => name === flaw.surface);
  const { failure } = await runCampaign({ ...DEFAULTS, surfaces, program: mutatedProgram(flaw), ...options });
  assert.ok(failure !== null, `the flaw was not found (seed ${options.seed})`);
  return failure;
}
