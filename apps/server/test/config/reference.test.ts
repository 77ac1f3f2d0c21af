import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALIASES } from '../../src/config/aliases.ts';
import { APP_FIELD_NAMES } from '../../src/config/app-fields.ts';
import { OWN_VARIABLES } from '../../src/config/environment.ts';
import { referenceSections, renderReference } from '../../src/config/reference.ts';
import { LEAVES } from '../../src/config/schema.ts';

test('the reference has every key, field, variable and flag', () => {
  const rows = referenceSections().flatMap((section) => section.rows);
  assert.deepEqual(
    rows
      .slice(0, LEAVES.length)
      .map(({ key }) => key)
      .toSorted(),
    LEAVES.map(({ path }) => path).toSorted(),
  );
  assert.deepEqual(
    referenceSections()
      .find(({ title }) => title === 'Fields of an app')
      ?.rows.map(({ key }) => key),
    APP_FIELD_NAMES,
  );
  const text = renderReference();
  for (const name of [...OWN_VARIABLES, ...ALIASES.keys(), '--host', '--port', '--workers', '--config']) {
    assert.ok(text.includes(`\`${name}\``), name);
  }
});

test('every row says what is taken and what it means, and the tables are whole', () => {
  for (const row of referenceSections().flatMap((section) => section.rows)) {
    assert.ok(row.type !== '' && row.default !== '', row.key);
    assert.match(row.doc, /^\S.*\.$/, row.key);
  }
  const tables = renderReference()
    .split('\n')
    .filter((line) => line.startsWith('|'));
  for (const line of tables) assert.ok([4, 6].includes(line.split(/(?<!\\)\|/).length - 1), line);
  assert.equal(renderReference().split('\n## ').length, referenceSections().length + 2);
});

test('defaults that are no fixed value are told in words', () => {
  const rows = new Map(referenceSections().flatMap(({ rows: all }) => all.map((row) => [row.key, row])));
  assert.equal(rows.get('instance.process_id')?.default, 'a random UUID');
  assert.equal(rows.get('websocket.max_bytes')?.default, '`none`');
  assert.equal(rows.get('max_event_batch_size')?.default, 'that of `event_limits.max_batch_size`');
  assert.deepEqual(rows.get('port'), {
    key: 'port',
    type: 'a whole number from 1 to 65535',
    default: '`6001`',
    env: 'PORT',
    flag: '--port',
    doc: 'Port to listen on for clients and the HTTP API.',
  });
});
