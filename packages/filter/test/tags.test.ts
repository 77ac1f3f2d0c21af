import assert from 'node:assert/strict';
import { it } from 'node:test';
import { NO_TAGS, parseTags, TAG_LIMITS, tagsText } from '../src/index.ts';

function problem(value: unknown): string {
  const result = parseTags(value);
  assert.ok(!result.ok, `accepted: ${JSON.stringify(value)}`);
  return result.problem;
}

function text(value: unknown): string {
  const result = parseTags(value);
  assert.ok(result.ok, result.ok ? '' : result.problem);
  return tagsText(result.tags);
}

it('tags are texts, sorted by name', () => {
  assert.equal(text({ xG: 0.85, event_type: 'goal', live: true }), '{"event_type":"goal","live":"true","xG":"0.85"}');
  assert.equal(text({ b: '"\\\n', 10: 'ten', 9: 'nine' }), '{"10":"ten","9":"nine","b":"\\"\\\\\\n"}');
  assert.deepEqual(parseTags(undefined), { ok: true, tags: NO_TAGS });
  assert.deepEqual(parseTags(null), { ok: true, tags: NO_TAGS });
});

it('hostile names are names like others', () => {
  const given = '{"__proto__":"p","constructor":"c","hasOwnProperty":"h"}';
  assert.equal(text(JSON.parse(given)), given);
  assert.equal(Object.hasOwn(Object.prototype, 'p'), false);
});

it('tags are bounded, and refused with the reason', () => {
  const many = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, 'v']));
  text(many(TAG_LIMITS.count));
  assert.equal(problem(many(TAG_LIMITS.count + 1)), 'tags: 33 tags, more than the 32 allowed');
  assert.equal(problem(['a']), 'tags: expected an object');
  assert.equal(problem('a'), 'tags: expected an object');
  assert.equal(problem({ '': 'v' }), 'tags: a tag has an empty name');
  assert.equal(problem({ a: { b: 1 } }), 'tags.a: expected a string, a number or a boolean');
  assert.equal(problem({ a: null }), 'tags.a: expected a string, a number or a boolean');
  assert.equal(problem({ a: '€'.repeat(342) }), 'tags.a: longer than 1024 bytes');
  assert.match(problem({ ['n'.repeat(257)]: 'v' }), /^tags\.n{40}…: name longer than 256 bytes$/u);
});
