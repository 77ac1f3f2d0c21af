import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as formats from '../../src/config/formats.ts';
import { LEAVES } from '../../src/config/schema.ts';
import * as texts from '../../src/config/text-formats.ts';

const REFUSED = Symbol('refused');

const CASES: readonly (readonly [string, formats.Format<unknown>, readonly (readonly [unknown, unknown])[]])[] = [
  [
    'port',
    formats.port,
    [
      ['80', 80],
      [' 6001\n', 6001],
      [1, 1],
      [0, REFUSED],
      [65_535, 65_535],
      ['80x', REFUSED],
      ['x80', REFUSED],
      ['3.7', REFUSED],
      ['1e3', REFUSED],
      ['0x50', REFUSED],
      ['080', REFUSED],
      ['+80', REFUSED],
      ['', REFUSED],
      ['-1', REFUSED],
      ['65536', REFUSED],
      ['8 0', REFUSED],
      [80.5, REFUSED],
      [Number.NaN, REFUSED],
      [true, REFUSED],
      [null, REFUSED],
      [[80], REFUSED],
    ],
  ],
  [
    'boolean',
    formats.boolean,
    [
      ...['true', '1', 'yes', 'on', ' TRUE '].map((text) => [text, true] as const),
      ...['false', '0', 'no', 'off', 'Off'].map((text) => [text, false] as const),
      [true, true],
      ...['', 'ja', 'truee', '2', 'null'].map((text) => [text, REFUSED] as const),
      [1, REFUSED],
      [null, REFUSED],
    ],
  ],
  [
    'number or none',
    formats.orNone(formats.count(1)),
    [
      ['none', null],
      ['null', null],
      [' None ', null],
      [null, null],
      ['5', 5],
      [5, 5],
      ['0', REFUSED],
      ['', REFUSED],
      ['unlimited', REFUSED],
      [undefined, REFUSED],
    ],
  ],
  [
    'one of',
    formats.oneOf('auto', 'json'),
    [
      ['auto', 'auto'],
      [' JSON', 'json'],
      ['jso', REFUSED],
      ['', REFUSED],
      [1, REFUSED],
    ],
  ],
  [
    'list',
    formats.listOf(texts.host),
    [
      ['a.example, b.example', ['a.example', 'b.example']],
      ['', []],
      [['a.example'], ['a.example']],
      ['a.example,', REFUSED],
      [[1], REFUSED],
      [{}, REFUSED],
    ],
  ],
  [
    'host',
    texts.host,
    [
      ...['0.0.0.0', '::', '::1', 'localhost', 'sluice-1.internal', 'a_b'].map((name) => [name, name] as const),
      [' 127.0.0.1 ', '127.0.0.1'],
      ...['', '1.2', '127.0.0.256', '2130706433', '0x7f000001', 'a b', 'a..b', '-a', 'http://a', 'a:80', '[::1]'].map(
        (name) => [name, REFUSED] as const,
      ),
      [0, REFUSED],
    ],
  ],
  [
    'path prefix',
    texts.pathPrefix,
    [
      ['/', '/'],
      ['', '/'],
      ['realtime', '/realtime'],
      ['/realtime/', '/realtime'],
      ['/a/b', '/a/b'],
      ...['/a//b', '/../b', '/.', '/a b', '/a?b', '/%61', '/a#'].map((path) => [path, REFUSED] as const),
    ],
  ],
  [
    'metric prefix',
    texts.metricPrefix,
    [
      ['sluice_', 'sluice_'],
      ['', ''],
      ...['1x', 'a-b', 'a.b', 'a b', 'ä_'].map((prefix) => [prefix, REFUSED] as const),
    ],
  ],
  [
    'identifier',
    texts.identifier,
    [
      [' app-1 ', 'app-1'],
      ['x'.repeat(128), 'x'.repeat(128)],
      ...['', 'a b', 'a/b', 'a?', 'a#', 'a%', 'a\u0000', 'x'.repeat(129)].map((id) => [id, REFUSED] as const),
      [123, REFUSED],
    ],
  ],
  [
    'secret',
    texts.secret,
    [
      ['s', 's'],
      ['', REFUSED],
      ['  ', REFUSED],
      ['a\u0007', REFUSED],
      ['x'.repeat(513), REFUSED],
      [123, REFUSED],
    ],
  ],
  [
    'records',
    formats.recordList('apps'),
    [
      ['[{"id":"1"}]', [{ id: '1' }]],
      ['[]', []],
      [[{ id: '1' }], [{ id: '1' }]],
      ['{"id":"1"}', REFUSED],
      ['[1]', REFUSED],
      ['[{', REFUSED],
      [[[]], REFUSED],
      [[new Date(0)], REFUSED],
    ],
  ],
];

for (const [name, format, cases] of CASES) {
  test(`format: ${name}`, () => {
    for (const [raw, expected] of cases) {
      const value = formats.decode(format, raw);
      assert.deepEqual(value === undefined ? REFUSED : value, expected, `for ${JSON.stringify(raw)}`);
    }
  });
}

test('format: numbers say their range and unit', () => {
  assert.equal(formats.milliseconds(0).expected, 'a whole number of milliseconds from 0 to 2147483647');
  assert.equal(formats.seconds(1).expected, 'a whole number of seconds from 1 to 2147483');
  assert.equal(formats.count(0, 9).expected, 'a whole number from 0 to 9');
});

test('format: every default is a value of its own format, and formats of one name are alike', () => {
  const byName = new Map<string, formats.Format<unknown>>();
  for (const { path, leaf } of LEAVES) {
    assert.notEqual(formats.decode(leaf.kind, leaf.default), undefined, path);
    const other = byName.get(leaf.format) ?? leaf.kind;
    for (const probe of ['0', '1', '65536', 'none', 'local', 'a/b', 'x']) {
      assert.deepEqual(formats.decode(other, probe), formats.decode(leaf.kind, probe), path);
    }
    byName.set(leaf.format, leaf.kind);
  }
});

test('loopback addresses', () => {
  for (const name of ['127.0.0.1', '127.9.9.9', '::1', 'localhost', 'a.localhost', '::ffff:127.0.0.1']) {
    assert.equal(texts.isLoopback(name), true, name);
  }
  for (const name of ['0.0.0.0', '::', '10.0.0.1', '127.example.com', 'localhost.example', 'notlocalhost']) {
    assert.equal(texts.isLoopback(name), false, name);
  }
});
