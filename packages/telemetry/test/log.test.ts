import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Log } from '@sluice/core';
import { createLog, errorReporter, isHumanFormat, type LogOptions } from '../src/index.ts';

/** A log and its lines, parsed. */
function capture(level: LogOptions['level'] = 'debug'): {
  readonly log: Log;
  readonly lines: Record<string, unknown>[];
  readonly text: () => string;
} {
  const texts: string[] = [];
  const lines: Record<string, unknown>[] = [];
  const write = (text: string): void => {
    texts.push(text);
    lines.push(JSON.parse(text) as Record<string, unknown>);
  };
  const log = createLog({ level, format: 'json', colors: false, base: { worker: 3, pid: 7 }, stream: { write } });
  return { log, lines, text: () => texts.join('') };
}

const SECRET = '7ad3773142a6692b25b8';

describe('The log', () => {
  it('writes one line of JSON with message, level, fields and process', () => {
    const { log, lines } = capture();
    log.warn('something odd', { slot: 1 });
    const [line] = lines;
    assert.deepEqual(
      [line?.['msg'], line?.['level'], line?.['slot'], line?.['worker'], line?.['pid']],
      ['something odd', 'warn', 1, 3, 7],
    );
    assert.equal(lines.length, 1);
  });

  it('leaves out what is less important than its level', () => {
    const { log, lines } = capture('warn');
    log.debug('no');
    log.info('no');
    log.warn('yes');
    log.error('yes');
    assert.deepEqual(
      lines.map((line) => line['msg']),
      ['yes', 'yes'],
    );
  });

  it('never shows the value of a secret, at the top or nested, in objects or in lists', () => {
    for (const name of ['secret', 'auth', 'auth_signature', 'password', 'token', 'passphrase']) {
      const { log, text } = capture();
      const holder = { [name]: SECRET, other: 'shown' };
      log.info('top', holder);
      log.info('nested once', { app: holder });
      log.info('nested twice', { settings: { app: holder } });
      log.info('in a list', { apps: [holder] });
      log.error('something failed', { apps: [holder], ...holder });
      assert.doesNotMatch(text(), new RegExp(SECRET), name);
      assert.equal(text().split('"shown"').length, 7, 'what is no secret stays');
      assert.ok(text().includes(`"${name}":"***"`));
    }
  });

  it('shows no part of a secret that is an object itself', () => {
    const { log, text } = capture();
    log.info('nested in a secret', { auth: { key: SECRET } });
    assert.doesNotMatch(text(), new RegExp(SECRET));
  });

  it('leaves what it was given as it was', () => {
    const { log } = capture();
    const fields = { app: { secret: SECRET } };
    log.info('text', fields);
    assert.equal(fields.app.secret, SECRET);
  });

  it('keeps a message on one line whatever stands in it', () => {
    const { log, lines } = capture();
    log.info('a\nb\u001b[31m', { channel: 'x\ny' });
    assert.equal(lines[0]?.['msg'], 'a\nb\u001b[31m');
    assert.equal(lines.length, 1);
  });

  it('is human on a terminal only, unless it is told', () => {
    assert.deepEqual([isHumanFormat('human'), isHumanFormat('json')], [true, false]);
    assert.equal(!isHumanFormat('auto'), !process.stdout.isTTY);
  });
});

describe('What nobody waits for', () => {
  it('is reported with its stage and its stack', () => {
    const { log, lines } = capture();
    errorReporter(log)(new Error('broken'), { stage: 'publish' });
    assert.equal(lines[0]?.['stage'], 'publish');
    assert.match(String(lines[0]?.['error']), /^Error: broken\n.*log\.test\.ts/s);
    assert.equal(lines[0]?.['level'], 'error');
  });

  it('is reported when it is no Error', () => {
    const { log, lines } = capture();
    errorReporter(log)('a text', { stage: 'deliver' });
    assert.equal(lines[0]?.['error'], 'a text');
  });
});
