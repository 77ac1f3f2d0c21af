import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort, RawClient, SluiceProcess } from '@sluice/testkit';
import { occupyPort, runSluice } from './support.ts';

interface Start {
  readonly port: number;
  readonly metricsPort: number;
  readonly scheduling?: string;
}

function start({ port, metricsPort, scheduling = 'primary' }: Start): ReturnType<typeof runSluice> {
  return runSluice(['start'], {
    env: {
      HOST: '127.0.0.1',
      PORT: String(port),
      METRICS_PORT: String(metricsPort),
      WORKERS: '2',
      CLUSTER_SCHEDULING: scheduling,
    },
  });
}

describe('A port that somebody else has', () => {
  for (const scheduling of ['primary', 'kernel']) {
    it(`ends the start with 1 and names the port and the setting, with scheduling ${scheduling}`, async (t) => {
      const port = await occupyPort(t);
      const { code, stderr } = await start({ port, metricsPort: await freePort(), scheduling });
      assert.equal(code, 1);
      assert.match(
        stderr,
        new RegExp(`^sluice: cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use\\..*PORT or --port`),
      );
      assert.equal(stderr.trim().split('\n').length, 1, 'no stack');
    });

    it(`is noticed when another Sluice has it, with scheduling ${scheduling}`, async () => {
      await using other = await SluiceProcess.start({ workers: 2, config: { cluster: { scheduling } } });
      const { code, stderr } = await start({ port: other.port, metricsPort: await freePort(), scheduling });
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`${other.port}: the port is in use`));
      await using client = await RawClient.connect(other.wsUrl);
      await client.subscribe('news');
    });

    it(`is named when it was for metrics, with scheduling ${scheduling}`, async (t) => {
      const metricsPort = await occupyPort(t);
      const { code, stderr } = await start({ port: await freePort(), metricsPort, scheduling });
      assert.equal(code, 1);
      assert.match(
        stderr,
        new RegExp(`^sluice: cannot listen on 127\\.0\\.0\\.1:${metricsPort}: the port is in use\\..*METRICS_PORT`),
      );
    });
  }
});

describe('An address that cannot be listened on', () => {
  it('ends the start with 1 and names the setting', async () => {
    const env = {
      HOST: '203.0.113.1',
      PORT: String(await freePort()),
      METRICS_PORT: String(await freePort()),
      WORKERS: '1',
    };
    const { code, stderr } = await runSluice(['start'], { env });
    assert.equal(code, 1);
    assert.match(stderr, /cannot listen on 203\.0\.113\.1:\d+: .*Choose another \(HOST or --host\)/);
  });
});
