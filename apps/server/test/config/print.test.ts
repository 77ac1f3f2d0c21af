import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { renderConfig, renderProblems } from '../../src/config/print.ts';
import { fileWith } from '../file-with.ts';
import { load, problemsOf } from './support.ts';

test('the effective configuration is a file that loads again, without its secrets', (t) => {
  const env = {
    PORT: '7000',
    SOKETI_HOST: '127.0.0.1',
    WEBSOCKET_MAX_MESSAGES: 'none',
    WEBSOCKET_MAX_BYTES: '1000000',
    APPS: JSON.stringify([
      { id: '1', key: 'k', secret: 'hunter2', additional_keys: [{ key: 'k2', secret: 'hunter3' }] },
    ]),
  };
  const first = load({ env, argv: ['--workers=2'] });
  const text = renderConfig(first.values);
  assert.doesNotMatch(text, /hunter/);
  assert.doesNotMatch(JSON.stringify(first.values), /hunter/);
  assert.match(text, /^host: "127\.0\.0\.1" {2}# SOKETI_HOST$/m);
  assert.match(text, /^port: 7000 {2}# PORT$/m);
  assert.match(text, /^workers: 2 {2}# --workers$/m);
  assert.match(text, /^pong_timeout: 30$/m);
  assert.match(text, /^ {6}- id: "1" {2}# APPS$/m);
  assert.match(text, /^ {2}max_messages: null {2}# WEBSOCKET_MAX_MESSAGES$/m);
  const second = load({ configFile: fileWith(t, 'printed.yaml', text) });
  const masked = JSON.parse(JSON.stringify(first.settings).replaceAll(/hunter\d/g, '***')) as Record<string, unknown>;
  assert.deepEqual({ ...second.settings, instanceId: '' }, { ...masked, instanceId: '' });
  assert.deepEqual(Object.keys(parse(text)), Object.keys(parse(renderConfig(load({}).values))));
});

test('problems are one line each, whatever is in them', (t) => {
  const configFile = fileWith(t, 'a\nb.yaml', 'port: "80\\nx\\e[31m"\n');
  const text = renderProblems(problemsOf({ configFile, env: { WORKERS: 'x'.repeat(500) }, argv: ['\u202Ex'] }));
  const [title, ...lines] = text.trimEnd().split('\n');
  assert.equal(title, '3 problems in the configuration:');
  assert.equal(lines.length, 3);
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\u202E]/u);
  assert.match(
    lines[1] ?? '',
    /^ {2}port \(.*\): expected a whole number from 1 to 65535; found "80\\nx\\u001b\[31m"$/,
  );
  assert.ok(lines.every((line) => line.length < 300));
  assert.match(
    renderProblems(problemsOf({ env: { PORT: 'x' } })),
    /^1 problem in the configuration:\n {2}port \(PORT\): /,
  );
});
