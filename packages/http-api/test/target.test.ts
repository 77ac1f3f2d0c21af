import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { targetOf } from '../src/request.ts';

const QUERIES: readonly string[] = [
  'auth_key=key&auth_version=1.0&body_md5=0123',
  'Info=User_Count&AUTH_KEY=Key',
  'name[]=a&name[]=b&name[]=',
  '',
  '&',
  'a&&b=1&',
  '=1&a=',
  'a=b=c',
  '?a=1',
  'a=?',
  'a+b=c+d',
  'a%5B%5D=%C3%A9&b=%zz&c=%ff',
  '%41=1',
  '\u{e9}=\u{ff}',
];

describe('The query of a request', () => {
  for (const query of QUERIES) {
    it(`is what URLSearchParams reads, with names in lower case, of "${query}"`, () => {
      const expected = Array.from(new URLSearchParams(query), ([name, value]) => [name.toLowerCase(), value]);
      assert.deepEqual(targetOf(`/prefix/apps/1/events?${query}`, '/prefix').query, expected);
    });
  }

  it('is empty where there is none, and the path stays as it was', () => {
    assert.deepEqual(targetOf('/apps/%31/events', ''), { path: '/apps/%31/events', query: [] });
  });
});
