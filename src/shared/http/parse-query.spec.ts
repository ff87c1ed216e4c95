import { describe, expect, it } from '@jest/globals';
import { parseQuery } from './parse-query.js';

describe('a query', () => {
  it.each([
    [undefined, {}],
    [null, {}],
    ['', {}],
    ['&', {}],
    ['a', { a: '' }],
    ['a=', { a: '' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=1&b=2&a=3', { a: ['1', '3'], b: '2' }],
    ['a=x+y%2Bz', { a: 'x y+z' }],
    ['%61=%F0%9F%9A%80', { a: '🚀' }],
    ['userId=..', { userId: '..' }],
    ['userId=%00', { userId: '\0' }],
  ])('%j is %j', (text, expected) => expect(parseQuery(text)).toEqual(expected));

  it('may have any name without touching a prototype', () => {
    const parsed = parseQuery('__proto__=x&toString=y');
    expect(Object.entries(parsed)).toEqual([
      ['__proto__', 'x'],
      ['toString', 'y'],
    ]);
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
  });

  it.each(['a=%', 'a=%zz', 'a=%ff', 'a=%e2%80', '%ff=a', 'a=%ed%a0%80'])(
    'that is no UTF-8 is refused, not replaced: %s',
    (text) => {
      expect(() => parseQuery(text)).toThrow(expect.objectContaining({ code: 'QUERY_INVALID' }));
    },
  );
});
