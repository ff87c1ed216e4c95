import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compareUtf8 } from './compare-utf8.js';

const anyText = fc.string({ unit: 'binary', maxLength: 4 });

describe('compareUtf8', () => {
  test('orders as the UTF-8 bytes do', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareUtf8(a, b))).toBe(bytes);
      }),
      { numRuns: 5_000 },
    );
  });

  test.each([
    ['a character of two units behind one of the last of one unit', '\u{1F600}', '\uFFFD'],
    ['the longer behind the shorter of the same beginning', 'ab', 'a'],
    ['anything behind nothing', 'a', ''],
    ['lower case behind upper case', 'a', 'B'],
  ])('has %s', (_what, greater, less) => {
    expect(compareUtf8(greater, less)).toBeGreaterThan(0);
    expect(compareUtf8(less, greater)).toBeLessThan(0);
  });
});
