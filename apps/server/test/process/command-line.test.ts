import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { APP } from '@sluice/testkit';
import { fileWith } from '../file-with.ts';
import { runSluice } from './support.ts';

const GOOD = { port: 7001, websocket: { max_messages: 500 }, app_manager: { array: { apps: [APP] } } };
const BAD = {
  port: '80x',
  wokers: 2,
  websocket: { max_messages: -1, max_mesages: 1 },
  cluster: { scheduling: 'fair' },
  app_manager: {
    array: {
      apps: [
        { id: 'a', key: 'k', secret: 7 },
        { id: 'a', key: 'k' },
      ],
    },
  },
};
/** What a person has to be told about BAD; each is looked for in one line. */
const PROBLEMS = [
  /^\s+port \(.*expected .*; found "80x"$/,
  /wokers.*expected workers; found an unknown key/,
  /websocket\.max_messages .*found the number -1/,
  /websocket\.max_mesages.*max_messages; found an unknown key/,
  /cluster\.scheduling .*found "fair"/,
  /apps\[0\]\.secret .*found a number/,
  /apps\[1\]\.secret .*found nothing/,
  /MAX_CONNECTIONS.*found "many"/,
];

describe('A configuration with problems', () => {
  for (const command of [['start'], ['check-config'], ['config', 'print'], []]) {
    it(`has all of them listed on standard error, and 1 as the answer: sluice ${command.join(' ')}`, async (t) => {
      const file = fileWith(t, 'sluice.json', JSON.stringify(BAD));
      const { code, stdout, stderr } = await runSluice([...command, '--config', file], {
        env: { SLUICE_MAX_CONNECTIONS: 'many' },
      });
      assert.equal(code, 1);
      assert.equal(stdout, '');
      const lines = stderr.trimEnd().split('\n');
      assert.match(lines[0] ?? '', /^sluice: \d+ problems in the configuration:$/);
      for (const problem of PROBLEMS)
        assert.ok(
          lines.some((line) => problem.test(line)),
          `${String(problem)} in:\n${stderr}`,
        );
      assert.equal(Number(/\d+/.exec(lines[0] ?? '')?.[0]), lines.length - 1);
    });
  }

  it('is no start when the file is not there, not readable, or not in its form', async (t) => {
    const files = [
      join(tmpdir(), 'sluice-no-such-file.json'),
      tmpdir(),
      fileWith(t, 'broken.json', '{"port": '),
      fileWith(t, 'broken.yaml', 'port: [1\nhost: :'),
      fileWith(t, 'list.json', '[]'),
      fileWith(t, 'unknown.ini', 'port=1'),
    ];
    const results = await Promise.all(files.map((file) => runSluice(['start', '--config', file])));
    for (const [i, { code, stdout, stderr }] of results.entries()) {
      assert.deepEqual([code, stdout], [1, ''], files[i]);
      assert.match(stderr, /^sluice: 1 problem in the configuration:\n {2}.+\n$/, files[i]);
    }
  });

  it('never shows a secret', async (t) => {
    const secret = 'do-not-print-this';
    const apps = [
      { id: 'a', key: 'k k', secret },
      { id: 'b', key: 'l', secret: [secret] },
    ];
    const file = fileWith(t, 'sluice.json', JSON.stringify({ app_manager: { array: { apps } } }));
    const { code, stderr } = await runSluice(['check-config', '--config', file]);
    assert.equal(code, 1);
    assert.doesNotMatch(stderr, new RegExp(secret));
  });
});

describe('The command line', () => {
  it('says that a configuration is valid', async (t) => {
    const file = fileWith(t, 'sluice.json', JSON.stringify(GOOD));
    const { code, stdout, stderr } = await runSluice(['check-config', '--config', file]);
    assert.deepEqual([code, stdout, stderr], [0, 'The configuration is valid.\n', '']);
  });

  it('shows the configuration in force, where values come from, and no secret', async (t) => {
    const file = fileWith(t, 'sluice.json', JSON.stringify(GOOD));
    const env = { WEBSOCKET_MAX_BYTES: '5000000' };
    const { code, stdout, stderr } = await runSluice(['config', 'print', `--config=${file}`, '--host', '127.0.0.1'], {
      env,
    });
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^port: 7001 {2}# .*sluice\.json$/m);
    assert.match(stdout, /^host: "127\.0\.0\.1" {2}# --host$/m);
    assert.match(stdout, /^ {2}max_messages: 500 {2}# .*sluice\.json$/m);
    assert.match(stdout, /^ {2}max_bytes: 5000000 {2}# WEBSOCKET_MAX_BYTES$/m);
    assert.match(stdout, /^activity_timeout: 120$/m);
    assert.match(stdout, new RegExp(APP.key));
    assert.doesNotMatch(stdout, new RegExp(APP.secret));
  });

  it('gives help and version without a look at the configuration', async () => {
    const env = { PORT: 'nonsense' };
    const [help, word, version] = await Promise.all([
      runSluice(['--help'], { env }),
      runSluice(['help'], { env }),
      runSluice(['--version'], { env }),
    ]);
    assert.equal(help.code, 0);
    for (const part of ['start', 'check-config', 'config print', '--config', '--port', '--workers'])
      assert.ok(help.stdout.includes(part), part);
    assert.equal(word.stdout, help.stdout);
    const { version: expected } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      readonly version: string;
    };
    assert.deepEqual([version.code, version.stdout], [0, `${expected}\n`]);
  });

  it('refuses commands and flags that it does not know, and a flag without its value', async () => {
    const [command, flag, noFile] = await Promise.all([
      runSluice(['strat']),
      runSluice(['start', '--prot', '80']),
      runSluice(['start', '--config']),
    ]);
    assert.deepEqual([command.code, command.stderr], [1, "sluice: unknown command 'strat'; see sluice --help\n"]);
    assert.equal(flag.code, 1);
    assert.match(flag.stderr, /--prot: expected --port; found an unknown flag/);
    assert.deepEqual([noFile.code, noFile.stderr], [1, 'sluice: --config needs the name of a file\n']);
  });
});
